"""MixUp, CutMix and CarveMix: two pictures and their labels in one."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, max_pool3d

from limner.data.augment.params import BatchParams
from limner.data.augment.values import boxes_mask


def mix(x: Tensor, target: Tensor, params: BatchParams) -> tuple[Tensor, Tensor]:
    """Blends a batch ``(N, C, *size)`` and its targets with its partners.

    Args:
        target: shares of classes ``(N, K)``, or of each pixel ``(N, K, *size)``.

    Source: Zhang et al., *mixup*, ICLR 2018, equation 1; Yun et al., *CutMix*, ICCV 2019, equation 1 (the label's share
    is the share of pixels that are left).
    """
    if (params.share == 1).all():
        return x, target
    partner = torch.from_numpy(params.partner).to(x.device)
    if params.patch is not None:
        kept = (~boxes_mask(params.patch[None], x)).to(x.dtype)
    else:
        kept = torch.from_numpy(params.share).to(x.device, x.dtype).reshape(-1, *(1,) * (x.dim() - 1))
    share = kept if target.dim() == x.dim() else kept.flatten(1).mean(1, keepdim=True).to(target.dtype)
    return x * kept + x[partner] * (1 - kept), target * share + target[partner] * (1 - share)


def carve(x: Tensor, labels: Tensor, params: BatchParams) -> tuple[Tensor, Tensor]:
    """Puts what is marked in each picture's partner, and a rim around it, into the picture.

    Args:
        x: ``(N, C, *size)``.
        labels: class indices ``(N, *size)``, 0 where nothing is marked; a partner without a mark gives nothing.

    Source: Zhang et al., *CarveMix*, MICCAI 2021, equations 1 to 4, with the rim always outside what is marked, and a
    box in place of a ball to grow it.
    """
    moved, marked = x.clone(), labels.clone()
    pool = max_pool2d if labels.dim() == 3 else max_pool3d
    for i in np.flatnonzero(params.carve >= 0):
        other = int(params.partner[i])
        rim = [round(float(params.carve[i]) * side) for side in labels.shape[1:]]
        there = (labels[other] > 0).to(x.dtype)[None, None]
        grown = pool(there, [2 * r + 1 for r in rim], stride=1, padding=rim)[0, 0] > 0
        moved[i] = torch.where(grown, x[other], x[i])
        marked[i] = torch.where(grown, labels[other], labels[i])
    return moved, marked
