"""Segmentation losses that accept labels of which some classes are unknown."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def merge_logits(logits: Tensor, merge: Tensor) -> Tensor:
    """Logits of classes that a case cannot tell apart, added as probabilities.

    Args:
        logits: ``(N, C, …)``.
        merge: ``(N, C)`` integers; class c of sample n counts as class ``merge[n, c]``.

    Returns:
        ``(N, C, …)`` log-probabilities; −30 for classes into which nothing was merged.

    Source: Fang & Yan, *Multi-organ segmentation over partially labeled datasets*, TMI 2020 (target adaptive loss).
    """
    log_p = F.log_softmax(logits.float(), dim=1)
    classes = logits.shape[1]
    rows = []
    for sample, groups in zip(log_p, merge.tolist(), strict=True):
        if groups == list(range(classes)):
            rows.append(sample)
            continue
        parts = []
        for c in range(classes):
            members = [k for k, group in enumerate(groups) if group == c]
            if len(members) == 1:
                parts.append(sample[members[0]])
            elif members:
                parts.append(torch.logsumexp(sample[members], dim=0))
            else:
                parts.append(torch.full_like(sample[0], -30.0))
        rows.append(torch.stack(parts))
    return torch.stack(rows)


def dice_cross_entropy(
    logits: Tensor, target: Tensor, merge: Tensor, weights: Tensor | None = None, overlap_weight: float = 1.0
) -> Tensor:
    """Cross-entropy plus soft Dice over the classes that each sample knows.

    Args:
        logits: ``(N, C, (Z,) Y, X)``.
        target: ``(N, (Z,) Y, X)`` integers, in merged classes; 255 is ignored.
        merge: ``(N, C)``, see :func:`merge_logits`.
        weights: ``(C,)`` weight of each class in the cross-entropy.
        overlap_weight: of the Dice term. It drives probabilities to 0 and 1; less of it leaves them honest.

    Source: Drozdzal et al., 2016, equation 1 (soft Dice, batch as one volume); Isensee et al., nnU-Net, 2021.
    """
    log_p = merge_logits(logits, merge)
    target = target.long()
    known = target != 255
    safe = target.masked_fill(~known, 0)
    picked = -log_p.gather(1, safe[:, None])[:, 0]
    scale = known.float() if weights is None else known.float() * weights[safe]
    entropy = (picked * scale).sum() / scale.sum().clamp_min(1.0)

    classes = logits.shape[1]
    present = torch.zeros(logits.shape[0], classes, dtype=torch.bool, device=logits.device)
    present.scatter_(1, merge, True)
    truth = F.one_hot(safe, classes).movedim(-1, 1).float()
    mask = known[:, None].float() * present.reshape(*present.shape, *(1,) * (logits.dim() - 2)).float()
    p = log_p.exp() * mask
    truth = truth * mask
    axes = (0, *range(2, logits.dim()))
    overlap, total = (p * truth).sum(axes)[1:], (p.sum(axes) + truth.sum(axes))[1:]
    there = truth.sum(axes)[1:] > 0  # a class that the batch does not hold teaches through the cross-entropy
    dice = 1.0 - (2 * overlap + 1.0) / (total + 1.0)
    return entropy + overlap_weight * (dice[there].mean() if bool(there.any()) else dice.sum() * 0.0)


def deeply_supervised(
    logits: Sequence[Tensor],
    target: Tensor,
    merge: Tensor,
    weights: Tensor | None = None,
    overlap_weight: float = 1.0,
) -> Tensor:
    """:func:`dice_cross_entropy` on every output, halving the weight from fine to coarse.

    Coarser outputs are held against the target at the nearest voxel.
    """
    loss, total = torch.zeros((), device=target.device), 0.0
    for level, one in enumerate(logits):
        there = target
        if one.shape[2:] != target.shape[1:]:
            there = F.interpolate(target[:, None].float(), size=one.shape[2:], mode="nearest")[:, 0].to(target.dtype)
        share = 0.5**level
        loss = loss + share * dice_cross_entropy(one, there, merge, weights, overlap_weight)
        total += share
    return loss / total
