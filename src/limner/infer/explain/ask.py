"""A pack's answer as one number: the probability of what is to be explained, for any task and engine."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limner.data.fitted import fit_for
from limner.errors import NothingFoundError, PackError
from limner.image import Fit, Picture
from limner.infer.engines import open_engine
from limner.infer.views import Outputs, Run, over_views
from limner.packs import Calibration, Pack
from limner.tasks import multilabel
from limner.tasks.masks import decode_masks, kinds_of_one, softmax_maps

Score = Callable[[Outputs], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a net, over and over, with changed pictures.

    Args:
        pack: that answers.
        name: class or group that is explained.
        members: its indices among the pack's classes.
        image: ``(C, *size)`` uint8, the fitted picture.
        fit: how the source was fitted.
        outputs: of the net for ``image``.
        score: outputs of a batch to probabilities ``(N,)``.
        answered: the pack's own answer is what is explained, or is counted to it; where several classes may be there at
            once, it is there.
        abstained: the pack says "not sure"; where several may be there, of this class.
        engine: that runs.
        run: the engine's method; of a classifier the mean over its mirrorings.
        region: of a segmentation or a detection, ``(*size)``: where the answer lies; None for a classifier.
    """

    pack: Pack
    name: str
    members: tuple[int, ...]
    image: NDArray[np.uint8]
    fit: Fit
    outputs: Outputs
    score: Score
    answered: bool
    abstained: bool
    engine: str
    run: Run
    region: NDArray[np.bool_] | None = None

    @property
    def probability(self) -> float:
        """Of the unchanged picture."""
        return float(self.score(self.outputs)[0])

    def ask(self, images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], batch: int = 32) -> NDArray[np.float64]:
        """Probabilities ``(N,)`` of fitted pictures ``(N, C, *size)`` uint8."""
        found = []
        for start in range(0, len(images), batch):
            x = np.stack(list(images[start : start + batch])).astype(np.float32) / 255.0
            found.append(self.score(self.run({"image": x})))
        return np.concatenate(found)

    def of(self, run: Run) -> Question:
        """The same question to another net."""
        run = _asked(self.pack, run)
        return replace(self, run=run, outputs=run({"image": self.image[None].astype(np.float32) / 255.0}))


def put(pack: Pack, picture: Picture, engine: str = "auto", target: str | None = None) -> Question:
    """Puts a picture to a pack.

    Args:
        target: a class or a group of the pack; the likeliest class (segmentation: the largest, detection: the surest)
            where None.

    Raises:
        PackError: the pack reads scans, or knows no such class.
        NothingFoundError: a segmentation found nothing that could be explained.
    """
    spec = pack.main.picture
    name, opened = open_engine(engine, pack.main)
    image, fit = fit_for(picture, spec)
    run = _asked(pack, opened.run)
    outputs = run({"image": image[None].astype(np.float32) / 255.0})
    makers = {"classify": _class, "segment": _region, "detect": _peak}
    made = makers[pack.spec.task](pack, outputs, _members(pack, target), spec.size)
    members = made.members
    return Question(
        pack=pack,
        name=target or pack.spec.classes[members[0]],
        members=members,
        image=image,
        fit=fit,
        outputs=outputs,
        score=made.score,
        answered=made.answered,
        abstained=made.abstained,
        engine=name,
        run=run,
        region=made.region,
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


def _class(pack: Pack, outputs: Outputs, members: tuple[int, ...], size: tuple[int, ...]) -> _Made:
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


def _region(pack: Pack, outputs: Outputs, members: tuple[int, ...], size: tuple[int, ...]) -> _Made:
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
    region = np.isin(drawn, chosen)
    if not region.any() or (not members and not counts.any()):
        what = " or ".join(pack.spec.classes[k] for k in members) or "nothing but background"
        raise NothingFoundError(
            f"Pack {pack.name!r} drew {'no ' if members else ''}{what} in this picture: there is nothing to explain."
        )

    def score(found: Outputs) -> NDArray[np.float64]:
        inside = over_classes(found["logits"])[:, chosen].sum(1)
        return np.asarray(inside[:, region].mean(1), np.float64)

    return _Made(chosen, score, region=region)


def _peak(pack: Pack, outputs: Outputs, members: tuple[int, ...], size: tuple[int, ...]) -> _Made:
    """Probability of the surest centre, looked for within one cell of where it was in the unchanged picture."""
    p = _sigmoid(outputs["centers"])[0]
    among = [k - 1 for k in members or range(1, len(p) + 1)]  # the background, class 0, has no map
    best, *at = np.unravel_index(int(p[among].argmax()), p[among].shape)
    channel = among[int(best)]
    cells = tuple(slice(max(int(i) - 1, 0), int(i) + 2) for i in at)
    region = np.zeros(size, bool)
    steps = [n / m for n, m in zip(size, p.shape[1:], strict=True)]
    region[tuple(slice(int(c.start * s), int(np.ceil(c.stop * s))) for c, s in zip(cells, steps, strict=True))] = True

    def score(found: Outputs) -> NDArray[np.float64]:
        near = _sigmoid(found["centers"][:, channel])[(slice(None), *cells)]
        return np.asarray(near.reshape(len(near), -1).max(1), np.float64)

    return _Made((channel + 1,), score, region=region)


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits.astype(np.float64), -60, 60))), np.float64)
