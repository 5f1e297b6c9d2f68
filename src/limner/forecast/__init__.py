"""How lesions may go on: volumes over time with what was learned from other patients (here), and growth in space.

Here live growth curves, priors over patients, forecasts with their doubt, and what holds them against simpler ones.
Nothing here reads images by itself, and nothing but numpy and scipy computes: no net, no torch.
"""
