"""One finding of a scan as a question: the window around it, asked of the net that found it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from limner.errors import NothingFoundError, PackError
from limner.image import Grid, Image, resample_array
from limner.infer.engines import Engine, open_engine
from limner.infer.explain.ask import Question, Score, around, cells_of
from limner.infer.explain.source import NEAR_MM, Mask, ScanSource, margin_mm
from limner.infer.nodule_labels import predict_nodules
from limner.infer.predict import Prediction, Seen, predict
from limner.infer.views import Outputs
from limner.infer.windows import cut
from limner.packs import Calibration, Net, Pack
from limner.scene import Part, find_parts
from limner.tasks.detect import Platt
from limner.tasks.masks import softmax_maps

CONTEXTS_MM = (24.0, 40.0)
"""How much beyond these surroundings the net is shown, where that is enough for its answer."""
CLOSE = 0.1
"""It is enough where the probability is so close to the drawing's."""


@dataclass(frozen=True, eq=False)
class Answered:
    """A scan with a pack's answer to it.

    Args:
        image: the scan.
        prediction: the pack's answer, with what its nets were shown.
        parts: the findings, as a drawing numbers them.
    """

    image: Image
    prediction: Prediction
    parts: tuple[Part, ...]


def answer_scan(pack: Pack, image: Image, engine: str = "auto") -> Answered:
    """The pack's answer to a whole scan.

    Raises:
        PackError: the scan is of another modality, or cannot be read by this pack.
    """
    run = predict_nodules if pack.spec.task == "detect" else predict
    found = run(pack, image, engine=engine)
    return Answered(image, found, find_parts(found.labels))


def choose(pack: Pack, answered: Answered, target: str | None = None) -> Part:
    """The finding that is explained.

    Args:
        target: its id, or the name of a class; the surest nodule, the largest lesion, else the largest structure that
            the pack learned, where None.

    Raises:
        PackError: the pack draws no such thing, or draws it by a rule.
        NothingFoundError: it was not found here, or nothing was.
    """
    learned = [one for one in answered.parts if one.label.name in pack.structures]
    if target is None:
        some = [one for one in learned if one.label.kind == "lesion"] or learned
    else:
        some = [one for one in learned if target in (one.id, one.label.name)]
        if not some:
            _refuse(pack, answered, target)
    if not some:
        raise NothingFoundError(
            f"Pack {pack.name!r} found nothing of what it learned ({', '.join(pack.structures)}) in this scan: there "
            "is nothing to explain."
        )
    if pack.spec.task == "detect":
        return max(some, key=lambda one: (answered.prediction.probability_of(one), one.volume_ml))
    return max(some, key=lambda one: one.volume_ml)


def _refuse(pack: Pack, answered: Answered, target: str) -> None:
    """Why there is no such finding."""
    ids = [one.id for one in answered.parts if one.label.name in pack.structures]
    here = f" It found {', '.join(ids)}." if ids else " It found nothing that it learned."
    if any(target in (one.name, one.name.replace(" ", "-")) for one in pack.labels):
        if target.replace("-", " ") not in pack.structures:
            raise PackError(
                f"Pack {pack.name!r} draws {target} by a rule on attenuation: no net stands behind it that could be "
                f"explained.{here}"
            )
        raise NothingFoundError(f"Pack {pack.name!r} found no {target} in this scan.{here}")
    near = difflib.get_close_matches(target, [*ids, *pack.structures], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise PackError(f"There is no finding and no class {target!r} of pack {pack.name!r}.{here}{hint}")


def title(part: Part) -> str:
    """Its name with its number, as a report says it.

    >>> from types import SimpleNamespace as Some
    >>> title(Some(id="nodule-2", label=Some(name="lung nodule")))
    'lung nodule 2'
    """
    number = re.search(r"-(\d+)$", part.id)
    return f"{part.label.name} {number[1]}" if number else part.label.name


class ScanAsker:
    """Puts the findings of one scan to the nets that found them; each net is opened once.

    Args:
        pack: that answered.
        answered: the scan and the answer.
        engine: see :func:`limner.infer.engines.open_engine`.
    """

    def __init__(self, pack: Pack, answered: Answered, engine: str = "auto") -> None:
        self.pack, self.answered = pack, answered
        self._engine = engine
        self._opened: dict[str, tuple[str, Engine]] = {}

    def put(self, part: Part) -> Question:
        """The question about one finding: is it there, by what the net sees around it?"""
        seen = self._seen(part)
        stated = self.answered.prediction.probability_of(part)
        unsure = part.label.kind == "lesion" and self.answered.prediction.unsure_of(stated)
        for box in windows(seen, part):
            question = self._ask(seen, part, box, unsure)
            if abs(question.probability - stated) <= CLOSE:
                return question
        return question  # the window in which it was found

    def _ask(self, seen: Seen, part: Part, box: tuple[slice, ...], unsure: bool) -> Question:
        engine, opened = self._open(seen.net)
        start, size = [one.start for one in box], [one.stop - one.start for one in box]
        grid, volume = seen.grid.crop(start, (size[0], size[1], size[2])), cut(seen.volume, box)
        inside = on_window(part, grid)
        outputs = opened.run({"image": volume[None]})
        make = _nodule if self.pack.spec.task == "detect" else _structure
        members = self._members(seen.net, part)
        made = make(self.pack, seen.net, outputs, members, inside)
        return Question(
            pack=self.pack,
            net=seen.net,
            name=title(part),
            members=members,
            image=volume,
            hidden=background(volume, inside, grid.spacing_mm),
            source=ScanSource(self.answered.image, part, grid),
            outputs=outputs,
            score=made.score,
            answered=True,
            abstained=unsure,
            engine=engine,
            run=opened.run,
            region=inside,
            cells=made.cells,
            batch=1,
        )

    def _seen(self, part: Part) -> Seen:
        """What the net was shown that named a finding: the last that knows it, for the main net runs last."""
        some = [one for one in self.answered.prediction.seen if part.label.name in one.net.classes]
        if not some:
            raise PackError(
                f"Pack {self.pack.name!r} has no net that draws {part.label.name!r}: it cannot be explained."
            )
        return some[-1]

    def _open(self, net: Net) -> tuple[str, Engine]:
        if net.model.name not in self._opened:
            self._opened[net.model.name] = open_engine(self._engine, net)
        return self._opened[net.model.name]

    def _members(self, net: Net, part: Part) -> tuple[int, ...]:
        """A class and what lies inside it, among those of a net."""
        inside = {part.label.name, *self.pack.spec.regions.get(part.label.name, ())}
        return tuple(k for k, name in enumerate(net.classes) if name in inside)


@dataclass(frozen=True, eq=False)
class _Made:
    score: Score
    cells: Mask | None = None


def _nodule(pack: Pack, net: Net, outputs: Outputs, members: tuple[int, ...], inside: Mask) -> _Made:
    """Calibrated probability of the surest centre, looked for within one cell of where it was among a finding's."""
    known = pack.spec.calibration or Calibration()
    platt, channels = Platt(known.temperature, known.bias), [k - 1 for k in members]
    logits = outputs["centers"][0, channels].max(0)
    at = np.unravel_index(int(np.where(cells_of(inside, logits.shape), logits, -np.inf).argmax()), logits.shape)
    cells, _ = around(tuple(int(i) for i in at), logits.shape, inside.shape)

    def score(found: Outputs) -> NDArray[np.float64]:
        return platt(found["centers"][:, channels].max(1)[:, cells].max(1))

    return _Made(score, cells)


def _structure(pack: Pack, net: Net, outputs: Outputs, members: tuple[int, ...], inside: Mask) -> _Made:
    """Mean probability of a class over the voxels that it was given."""
    known = pack.spec.calibration
    temperature = known.temperature if known and net.model == pack.main.model else 1.0

    def score(found: Outputs) -> NDArray[np.float64]:
        p = softmax_maps(found["logits"][:, :, inside], temperature, 0.0, axis=1)
        return np.asarray(p[:, members].sum(1).mean(1), np.float64)

    return _Made(score)


def windows(seen: Seen, part: Part) -> list[tuple[slice, ...]]:
    """Windows that hold a finding, small ones first; the last is the one in which the net found it.

    Nets normalise over what they are shown, so that a smaller window is quicker to ask and may not give the same
    answer: the caller takes the first that does.
    """
    spacing, divisible = np.array(seen.grid.spacing_mm), np.array(seen.net.volume.divisible)
    low, high = _extent(part, seen.grid)
    middle, made = (low + high) / 2, list[tuple[slice, ...]]()
    for context in CONTEXTS_MM:
        room = (margin_mm((high - low) * spacing) + context) / spacing
        size = np.ceil((high - low + 2 * room) / divisible).astype(int) * divisible
        if (size > seen.window).any():
            break
        last = np.maximum(np.array(seen.grid.shape) - size, 0)
        made.append(_box(np.clip(np.rint(middle - size / 2).astype(int), 0, last), size))
    from_middle = np.array(seen.corners) + np.array(seen.window) / 2 - middle
    found_in = int(np.abs(from_middle / seen.window).max(1).argmin())
    return [*made, _box(np.array(seen.corners[found_in]), np.array(seen.window))]


def _box(start: NDArray[np.int64], size: NDArray[np.int64]) -> tuple[slice, ...]:
    return tuple(slice(int(a), int(a + n)) for a, n in zip(start, size, strict=True))


def _extent(part: Part, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest edge of a finding in voxels of a grid."""
    ends: Sequence[tuple[float, float]] = [(-0.5, n - 0.5) for n in part.grid.shape]
    corners = np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T
    there = grid.index(part.grid.world(corners)) + 0.5
    return there.min(0), there.max(0)


def on_window(part: Part, grid: Grid) -> Mask:
    """A finding's voxels on a window's grid; its middle alone where it is smaller than a voxel."""
    padded = np.pad(part.mask, 1).astype(np.float32)
    shape = (padded.shape[0], padded.shape[1], padded.shape[2])
    inside = np.asarray(resample_array(padded, part.grid.crop((-1, -1, -1), shape), grid) > 0.5)
    if not inside.any():
        at = np.rint(grid.index(part.grid.world(np.argwhere(part.mask).mean(0)))).astype(int)
        inside[tuple(np.clip(at, 0, np.array(grid.shape) - 1))] = True
    return inside


def background(
    volume: NDArray[np.float32], inside: Mask, spacing_mm: tuple[float, float, float]
) -> NDArray[np.float32]:
    """The median ``(C,)`` of what surrounds a finding: what it is hidden with is neither body nor air by chance."""
    away = ndimage.distance_transform_edt(~inside, sampling=spacing_mm)
    ring = (away > 1.5 * max(spacing_mm)) & (away <= max(NEAR_MM, 3 * max(spacing_mm)))
    if not ring.any():
        ring = ~inside if not inside.all() else inside
    return np.median(volume[:, ring], axis=1).astype(np.float32)
