"""A pack's answer as one number: the probability of what is to be explained, for any task and engine."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.fitted import fit_for
from limner.errors import NothingFoundError, PackError
from limner.image import Picture, fit_picture
from limner.infer.engines import open_engine
from limner.infer.explain.source import PictureSource, Source
from limner.infer.views import Outputs, Run, over_views
from limner.packs import Calibration, Net, Pack
from limner.tasks import multilabel
from limner.tasks.masks import decode_masks, kinds_of_one, softmax_maps

Score = Callable[[Outputs], NDArray[np.float64]]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a net, over and over, with changed inputs.

    Args:
        pack: that answers.
        net: of the pack, which is asked.
        name: what is explained: a class, a group, or a finding of a scan.
        members: its indices among the net's classes.
        image: ``(C, *size)``, what the net is shown: a fitted picture in uint8, or a window of a scan in float32 as
            the net takes it.
        hidden: ``(C,)`` of the same type: what stands where something is taken out.
        source: what was shown, and the way back to it.
        outputs: of the net for ``image``.
        score: outputs of a batch to probabilities ``(N,)``.
        answered: the pack's own answer is what is explained, or is counted to it; where several classes may be there at
            once, it is there.
        abstained: the pack says "not sure"; where several may be there, of this class.
        engine: that runs.
        run: the engine's method; of a classifier the mean over its mirrorings.
        region: of a segmentation or a detection, ``(*size)``: where the answer lies; None for a classifier.
        cells: of a detection, on the grid of its map of centres: where the peak is looked for; None for others.
        batch: how many inputs go through the net at a time.
    """

    pack: Pack
    net: Net
    name: str
    members: tuple[int, ...]
    image: NDArray[Any]
    hidden: NDArray[Any]
    source: Source
    outputs: Outputs
    score: Score
    answered: bool
    abstained: bool
    engine: str
    run: Run
    region: NDArray[np.bool_] | None = None
    cells: NDArray[np.bool_] | None = None
    batch: int = 32

    @property
    def probability(self) -> float:
        """Of the unchanged input."""
        return float(self.score(self.outputs)[0])

    @property
    def blank(self) -> NDArray[Any]:
        """What is hidden with, over the whole input ``(C, *size)``; read only."""
        return np.broadcast_to(self.hidden.reshape(-1, *[1] * (self.image.ndim - 1)), self.image.shape)

    def ask(self, images: Iterable[NDArray[Any]]) -> NDArray[np.float64]:
        """Probabilities ``(N,)`` of inputs ``(C, *size)``; they are made as they are needed, a batch at a time."""
        rest, found = iter(images), []
        while some := list(islice(rest, self.batch)):
            found.append(self.score(self.run({"image": as_seen(np.stack(some))})))
        return np.concatenate(found)

    def of(self, run: Run) -> Question:
        """The same question to another net."""
        run = _asked(self.pack, run)
        return replace(self, run=run, outputs=run({"image": as_seen(self.image[None])}))


def as_seen(images: NDArray[Any]) -> NDArray[np.float32]:
    """Inputs as a net takes them: the bytes of a picture as 0–1, a window of a scan as it is."""
    return images.astype(np.float32) / 255.0 if images.dtype == np.uint8 else images.astype(np.float32)


def put(
    pack: Pack,
    picture: Picture,
    engine: str = "auto",
    target: str | None = None,
    where: NDArray[np.bool_] | None = None,
) -> Question:
    """Puts a picture to a pack.

    Args:
        target: a class or a group of the pack; the likeliest class (segmentation: the largest, detection: the surest)
            where None.
        where: ``(*size)`` of the picture: only what was outlined or marked there is asked about; all of it where None.

    Raises:
        PackError: the pack reads scans, or knows no such class.
        NothingFoundError: a segmentation found nothing that could be explained.
    """
    spec = pack.main.picture
    name, opened = open_engine(engine, pack.main)
    image, fit = fit_for(picture, spec)
    run = _asked(pack, opened.run)
    outputs = run({"image": as_seen(image[None])})
    makers = {"classify": _class, "segment": _region, "detect": _peak}
    fitted = None if where is None else fit_picture(where[None].astype(np.uint8), spec.size, nearest=True)[0][0] > 0
    made = makers[pack.spec.task](pack, outputs, _members(pack, target), fitted)
    members = made.members
    inner = image[(slice(None), *fit.inner)]
    return Question(
        pack=pack,
        net=pack.main,
        name=target or pack.spec.classes[members[0]],
        members=members,
        image=image,
        hidden=inner.reshape(len(inner), -1).mean(1).astype(np.uint8),
        source=PictureSource(picture, fit),
        outputs=outputs,
        score=made.score,
        answered=made.answered,
        abstained=made.abstained,
        engine=name,
        run=run,
        region=made.region,
        cells=made.cells,
    )


def _asked(pack: Pack, run: Run) -> Run:
    """A classifier answers over the mirrorings that it learned from: what is explained is what it says."""
    return over_views(run, pack.spec.mirrors) if pack.spec.task == "classify" else run


@dataclass(frozen=True, eq=False)
class _Made:
    members: tuple[int, ...]
    score: Score
    answered: bool = True
    abstained: bool = False
    region: NDArray[np.bool_] | None = None
    cells: NDArray[np.bool_] | None = None


def _members(pack: Pack, target: str | None) -> tuple[int, ...]:
    """The classes that a name stands for; none where nothing was named."""
    if target is None:
        return ()
    classes = pack.spec.classes
    if target in classes:
        return (classes.index(target),)
    if target in pack.spec.groups:
        return tuple(classes.index(one) for one in pack.spec.groups[target])
    known = [*classes, *pack.spec.groups]
    near = difflib.get_close_matches(target, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise PackError(f"Pack {pack.name!r} knows no {target!r}; it knows {', '.join(known)}.{hint}")


def _class(pack: Pack, outputs: Outputs, members: tuple[int, ...], where: Mask | None) -> _Made:
    """Calibrated probability of a class, or of a group's classes together.

    Where several classes may be there at once, the answer is about what is asked alone: it is there or not, and the
    pack is sure of that or not, whatever it says of the others.
    """
    calibration, several = pack.spec.calibration or Calibration(), pack.spec.multi_label

    def probabilities(found: Outputs) -> NDArray[np.float64]:
        return multilabel.probabilities(found["logits"], calibration.temperature, several)

    p = probabilities(outputs)[0]
    chosen = members or (int(p.argmax()),)

    def score(found: Outputs) -> NDArray[np.float64]:
        return multilabel.group_probability(probabilities(found), chosen, several)

    if several:
        asked = multilabel.group_probability(p, chosen, several)
        unsure = multilabel.sureness(asked[None]) < calibration.abstain_below
        return _Made(chosen, score, bool(asked >= multilabel.PRESENT), bool(unsure))
    return _Made(chosen, score, int(p.argmax()) in chosen, bool(p.max() < calibration.abstain_below))


def _region(pack: Pack, outputs: Outputs, members: tuple[int, ...], where: Mask | None) -> _Made:
    """Mean probability of a class over the region that it was given in the unchanged picture."""
    known, spec = pack.spec.calibration or Calibration(), pack.spec

    def over_classes(logits: NDArray[np.float32]) -> NDArray[np.float32]:
        return softmax_maps(logits, known.temperature, known.bias, axis=1)

    p = over_classes(outputs["logits"])[0]
    threshold = 0.5 if known.threshold is None else known.threshold
    drawn = decode_masks(p, threshold=threshold, one_kind=kinds_of_one(spec.classes, spec.groups))
    counts = np.bincount(drawn.ravel(), minlength=len(p))
    counts[0] = 0  # the background needs no explanation
    chosen = members or (int(counts.argmax()),)
    region = np.isin(drawn, chosen) if where is None else np.isin(drawn, chosen) & where
    if not region.any() or (not members and not counts.any()):
        what = " or ".join(pack.spec.classes[k] for k in members) or "nothing but background"
        raise NothingFoundError(
            f"Pack {pack.name!r} drew {'no ' if members else ''}{what} in this picture: there is nothing to explain."
        )

    def score(found: Outputs) -> NDArray[np.float64]:
        inside = over_classes(found["logits"])[:, chosen].sum(1)
        return np.asarray(inside[:, region].mean(1), np.float64)

    return _Made(chosen, score, region=region)


def _peak(pack: Pack, outputs: Outputs, members: tuple[int, ...], where: Mask | None) -> _Made:
    """Probability of the surest centre, looked for within one cell of where it was in the unchanged picture."""
    p = _sigmoid(outputs["centers"])[0]
    size = where.shape if where is not None else pack.main.picture.size
    among = [k - 1 for k in members or range(1, len(p) + 1)]  # the background, class 0, has no map
    allowed = np.ones(p.shape[1:], bool) if where is None else cells_of(where, p.shape[1:])
    best, *at = np.unravel_index(int(np.where(allowed, p[among], -1.0).argmax()), p[among].shape)
    channel = among[int(best)]
    cells, region = around(tuple(int(i) for i in at), p.shape[1:], size)

    def score(found: Outputs) -> NDArray[np.float64]:
        return np.asarray(_sigmoid(found["centers"][:, channel])[:, cells].max(1), np.float64)

    return _Made((channel + 1,), score, region=region, cells=cells)


def around(at: tuple[int, ...], shape: tuple[int, ...], size: tuple[int, ...]) -> tuple[Mask, Mask]:
    """The cells within one of a cell, and the pixels that they cover.

    Args:
        at: the cell.
        shape: of the map.
        size: of the picture that it is a map of.
    """
    cells, region = np.zeros(shape, bool), np.zeros(size, bool)
    box = tuple(slice(max(i - 1, 0), min(i + 2, n)) for i, n in zip(at, shape, strict=True))
    cells[box] = True
    steps = [n / m for n, m in zip(size, shape, strict=True)]
    region[tuple(slice(int(c.start * s), int(np.ceil(c.stop * s))) for c, s in zip(box, steps, strict=True))] = True
    return cells, region


def cells_of(where: Mask, shape: tuple[int, ...]) -> Mask:
    """The cells of a map that a mask of its picture reaches into, and their neighbours: a peak may lie beside."""
    from scipy import ndimage

    cells = np.zeros(shape, bool)
    at = np.argwhere(where) * np.array(shape) // np.array(where.shape)
    cells[tuple(at.T)] = True
    return np.asarray(ndimage.binary_dilation(cells, np.ones([3] * len(shape), bool)))


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits.astype(np.float64), -60, 60))), np.float64)
