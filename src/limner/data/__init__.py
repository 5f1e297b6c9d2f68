"""Cohorts, cases, augmentation, synthesis, phantoms: everything between a file list and a batch.

May import torch only in ``augment``. Knows no net and no loss.
"""
