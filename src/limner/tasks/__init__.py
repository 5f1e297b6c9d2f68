"""Tasks: what is asked of an image. A task knows target, loss, metrics, and how to decode an output.

Decoding and metrics are numpy; only the loss functions touch torch.
"""
