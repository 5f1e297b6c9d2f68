"""MixUp and CutMix: two pictures and their labels in one."""

from __future__ import annotations

import torch
from torch import Tensor

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
