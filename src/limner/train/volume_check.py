"""Scans that are not learned from: a few patches of each, their Dice, and a temperature for the net's probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cc3d
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from limner.data.cases import Prepared
from limner.data.patches import Patch, PatchSampler, Source
from limner.errors import CohortError
from limner.image import anatomy
from limner.packs import Calibration
from limner.tasks import masks as task
from limner.tasks.classify import fit_temperature, rounded_down, sure_enough
from limner.tasks.pixels import ForegroundBins
from limner.train.recipe_data import VolumeData

MOST = 32
"""Patches of all scans together: a check then costs about as much as a few steps."""
EACH = 4
"""Patches of one scan at most."""
_VOXELS = 200_000
SMALLEST = 3
"""Voxels of a lesion at least, as in a drawing."""
_CHANCE = 0.05
"""Voxels that have less chance of being marked teach nothing of the border's temperature."""


@dataclass(frozen=True)
class CheckedPatches:
    """Patches of scans that are not learned from; the same ones at every check.

    Args:
        patches: as the net sees them, unchanged.
        patients: whom each is of.
        classes: of the net, background first.
        lesions: indices of the classes that are lesions.
    """

    patches: tuple[Patch, ...]
    patients: tuple[str, ...]
    classes: tuple[str, ...]
    lesions: tuple[int, ...] = ()

    def score(self, net: nn.Module) -> float:
        """Mean over the classes of the mean Dice of patients; what a scan cannot tell apart is not asked of it."""
        labels, truths = [], []
        for patch in self.patches:
            found = merged(task.softmax_maps(_logits(net, patch)), patch.merge).argmax(0)
            known = patch.target != 255
            labels.append(np.where(known, found, 0))
            truths.append(np.where(known, patch.target, 0))
        means = []
        for k in range(1, len(self.classes)):
            asked = [n for n, patch in enumerate(self.patches) if patch.merge[k] == k]
            ours, theirs, who = (
                [labels[n] for n in asked],
                [truths[n] for n in asked],
                [self.patients[n] for n in asked],
            )
            dices = task.patient_dice(ours, theirs, who, (k,))
            means += [float(np.mean(list(dices.values())))] if dices else []
        return float(np.mean(means)) if means else 0.0

    def calibrate(self, net: nn.Module) -> Calibration:
        """The temperature that makes the truth likeliest, of voxels that have some chance of being marked.

        It stays at 1 where it would not lessen the calibration error. Patches of scans that do not tell all classes
        apart are left out. Where lesions were marked, also how sure a lesion must be that those surer are wrong half
        as often.
        """
        rows, truths = [], []
        for number, patch in enumerate(self.patches):
            if patch.merge != tuple(range(len(self.classes))):
                continue
            logits = _logits(net, patch)
            chosen = (patch.target != 255) & (1.0 - task.softmax_maps(logits)[0] >= _CHANCE)
            at = np.flatnonzero(chosen)
            few = np.random.default_rng(number).permutation(at)[: _VOXELS // len(self.patches)]
            rows.append(logits.reshape(len(logits), -1)[:, few].T)
            truths.append(patch.target.ravel()[few])
        if not sum(map(len, truths)):
            return Calibration(fitted_on="nothing: the net marked no voxel of the check patches")
        logits, truth = np.concatenate(rows), np.concatenate(truths)
        temperature = fit_temperature(logits, truth.astype(np.int64))
        before, after = (_ece(logits, truth, one) for one in (1.0, temperature))
        if after > before:  # likelier truths do not always mean a smaller error
            temperature, after = 1.0, before
        return Calibration(
            temperature=round(temperature, 4),
            ece_before=round(before, 4),
            ece_after=round(after, 4),
            abstain_below=self._abstain_below(net, temperature),
            fitted_on=f"{len(truth)} voxels in {len(rows)} patches of the check split",
        )

    def _abstain_below(self, net: nn.Module, temperature: float) -> float:
        """The least probability of a lesion, a connected part of one class, that counts as sure."""
        sure, wrong = [], []
        for patch in self.patches:
            p = merged(task.softmax_maps(_logits(net, patch), temperature), patch.merge)
            found = p.argmax(0)
            for k in self.lesions:
                if patch.merge[k] != k:
                    continue
                known = np.isin(patch.target, (k, 255))  # unknown truth makes no part wrong
                parts, count = cc3d.connected_components(found == k, connectivity=26, return_N=True)
                for number in range(1, count + 1):
                    part = parts == number
                    if part.sum() >= SMALLEST:
                        sure.append(float(p[k][part].mean()))
                        wrong.append(not known[part].any())
        return rounded_down(sure_enough(np.array(sure), np.array(wrong, bool))) if sure else 0.0


def check_patches(
    sources: Sequence[Source], data: VolumeData, seed: int, kinds: Mapping[str, str] | None = None
) -> CheckedPatches:
    """A few patches of every case: about each class that it marks, the rarest first, and one anywhere.

    A case that fits into one patch gives one. ``kinds`` says what classes without a code are, as in a pack.

    Raises:
        CohortError: no class is marked in any of them.
    """
    cases = [case for source in sources for case in source.cases]
    each = min(EACH, max(1, MOST // len(cases)))
    patches, patients = [], []
    for case in cases:
        around = data.focus.around_hu if data.focus else None
        organ = [data.classes.index(name) for name in data.focus.organ] if data.focus else ()
        sampler = PatchSampler([Source((case,), 1.0)], data.patch, data.window_hu, {}, 0.0, seed, around, organ)
        for place, weights in enumerate(_centres(case, data, each)):
            patches.append(sampler.draw(0, place, weights))
            patients.append(case.patient or case.id)
    if not any(np.isin(one.target, range(1, len(data.classes))).any() for one in patches):
        raise CohortError(
            f"No class is marked in any of the {len(cases)} cases of the check split: there is nothing to check on. "
            "Choose another split as check, or leave it out."
        )
    named = [anatomy.named(name, k, (kinds or {}).get(name)) for k, name in enumerate(data.classes) if k]
    lesions = tuple(one.value for one in named if one.kind == "lesion")
    return CheckedPatches(tuple(patches), tuple(patients), tuple(data.classes), lesions)


def merged(p: NDArray[np.float32], merge: Sequence[int]) -> NDArray[np.float32]:
    """Probabilities ``(C, …)`` of which a case cannot tell some apart, added; 0 for those that count as another.

    >>> merged(np.array([[0.4], [0.35], [0.25]], np.float32), (0, 1, 1)).ravel().round(2).tolist()
    [0.4000000059604645, 0.6000000238418579, 0.0]
    """
    out = np.zeros_like(p)
    for k, into in enumerate(merge):
        out[into] += p[k]
    return out


def _centres(case: Prepared, data: VolumeData, each: int) -> list[dict[int, float]]:
    """What each patch of a case is centred on, as class weights."""
    if all(n <= size for n, size in zip(case.target.shape, data.patch, strict=True)):
        return [{}]
    counts = np.bincount(case.target.ravel(), minlength=256)
    there = sorted((k for k in range(1, len(data.classes)) if counts[k]), key=lambda k: counts[k])
    return [*({k: 1.0} for k in there[: max(each - 1, 1)]), {}][:each]


@torch.inference_mode()  # type: ignore[untyped-decorator]
def _logits(net: nn.Module, patch: Patch) -> NDArray[np.float32]:
    """``(C, Z, Y, X)``; in half the precision where a GPU makes it faster."""
    device = next(net.parameters()).device
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        found: NDArray[np.float32] = net(torch.from_numpy(patch.image[None]).to(device))[0][0].float().cpu().numpy()
    return found


def _ece(logits: NDArray[np.float32], truth: NDArray[np.uint8], temperature: float) -> float:
    bins = ForegroundBins()
    bins.add(1.0 - task.softmax_maps(logits, temperature, axis=1)[:, 0], truth > 0)
    return bins.ece
