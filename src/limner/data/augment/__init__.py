"""Augmentation as parameters: sampled first, then applied by pure functions, one resampling for all that is spatial.

``volume`` looks into whole scans in Hounsfield units, a patch at a time; ``picture`` changes batches of pictures and of
small volumes, on the GPU where the batch is there. The only place in ``data`` that loads torch; ``color``, a step
before the net that using a pack needs too, does not.
"""
