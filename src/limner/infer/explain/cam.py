"""Grad-CAM without gradients: for nets whose logits are the mean of maps, the maps are the answer.

With ``logit_k = mean over space of m_k + b_k`` and ``m_k = Σ_c w_kc A_c``, the gradient of the logit by a feature map
is ``w_kc / Z`` at each of its Z places, so Grad-CAM's map ``ReLU(Σ_c α_c A_c)`` with ``α_c = w_kc / Z`` is
``ReLU(m_k) / Z``: exact, and paid for by the forward pass alone.

Source: Selvaraju et al., *Grad-CAM*, ICCV 2017, equations 1 and 2, and section 3.1 (Grad-CAM generalises CAM).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.infer.explain.ask import Question


def logit_map(maps: NDArray[np.floating], member: int) -> NDArray[np.float32]:
    """Grad-CAM of one logit, before the ReLU: ``(K, *smaller)`` to ``(*smaller)``."""
    return maps[member].astype(np.float32)


def odds_map(maps: NDArray[np.floating], logits: NDArray[np.floating], members: tuple[int, ...]) -> NDArray[np.float32]:
    """Grad-CAM of the log odds of a class or a group, before the ReLU.

    The log odds are ``logsumexp(members) - logsumexp(others)``: what the probability is a function of. A map that is
    added to every class changes no probability; it cancels here, while it would show in the map of one logit.

    Args:
        maps: ``(K, *smaller)``.
        logits: ``(K,)``.
        members: classes of the group.
    """
    inside = np.isin(np.arange(len(maps)), members)
    if inside.all():
        return maps.mean(0).astype(np.float32)
    share = np.zeros(len(maps))
    for sign, chosen in ((1.0, inside), (-1.0, ~inside)):
        e = np.exp(logits[chosen] - logits[chosen].max())
        share[chosen] = sign * e / e.sum()  # the gradient of logsumexp is softmax
    return np.tensordot(share, maps, 1).astype(np.float32)


def class_map(question: Question) -> NDArray[np.float32]:
    """The map that explains a classifier's answer, before the ReLU; needs the net's output ``maps``.

    Where several classes may be there at once, the log odds of one are its logit; the likeliest stands for a group.
    """
    outputs = question.outputs
    if question.pack.spec.multi_label:
        likeliest = max(question.members, key=lambda k: float(outputs["logits"][0, k]))
        return logit_map(outputs["maps"][0], likeliest)
    return odds_map(outputs["maps"][0], outputs["logits"][0], question.members)
