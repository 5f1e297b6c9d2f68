"""``explain``: one picture, one pack, every method that was asked for, each with its checks."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError, PackError
from limner.image import Picture
from limner.infer.explain import attributes, cam, checks, gradient, heat, lime
from limner.infer.explain.ask import Question, put
from limner.infer.explain.explanation import AttributeTable, Check, Explanation, HeatMap, Kind
from limner.infer.explain.shuffle import can_shuffle, shuffled_engine
from limner.infer.explain.words import Speaker, sentence
from limner.packs import Pack, PictureSpec

METHODS: dict[str, tuple[Kind, ...]] = {
    "grad-cam": ("grad-cam",),
    "lime": ("lime",),
    "both": ("grad-cam", "lime"),
    "attributes": ("attributes",),
    "all": ("grad-cam", "lime", "attributes"),
}
"""What ``--method`` takes, and what it stands for."""

SHUFFLES = 2
"""Nets with shuffled weights that a map is compared with."""

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class More:
    """What is seldom asked of an explanation.

    Args:
        target: class or group to explain; the likeliest class where None.
        mask: ``(*size)`` of the lesion on the picture's grid: attributes are measured in it, heat is held against it.
        samples: pictures that LIME asks about.
        segments: parts that LIME cuts the picture into; by the picture's size where None.
        check: hold each explanation to account; it costs a few hundred runs of the net.
        progress: called with a step's name and the share done.
    """

    target: str | None = None
    mask: NDArray[np.bool_] | None = None
    samples: int = 300
    segments: int | None = None
    check: bool = True
    progress: Progress | None = None


def explain(
    pack: Pack,
    picture: Picture,
    *,
    method: str = "all",
    engine: str = "auto",
    lang: str = "en",
    seed: int = 0,
    more: More | None = None,
) -> Explanation:
    """Why a pack says what it says of one picture.

    Args:
        pack: of any task on pictures, 2-D or 3-D.
        picture: the source; heat maps lie on its grid.
        method: a key of :data:`METHODS`.
        engine: of :data:`limner.infer.engines.ENGINES`, or ``auto``. Where gradients are needed torch runs beside it.
        lang: ``en`` or ``zh``.
        seed: of LIME's samples and of the checks' random baselines.
        more: target, mask, effort.

    Raises:
        InputError: unknown method or language; nothing was found that could be explained; a mask on another grid.
        PackError: the pack reads scans, or does not know the target; attributes of a pack that does not classify.
        MissingExtraError: Grad-CAM alone was asked of a net that needs gradients, and torch is not installed.
    """
    more = more or More()
    kinds = _kinds(method)
    say = Speaker(lang)
    if not isinstance(pack.spec.input, PictureSpec):
        raise PackError(f"Pack {pack.name!r} reads scans; explanations are built for packs that read pictures.")
    if "attributes" in kinds and len(kinds) == 1 and pack.spec.task != "classify":
        raise PackError(f"Pack {pack.name!r} has the task {pack.spec.task!r}; attributes are asked of classifiers.")
    _check_mask(picture, more.mask)
    question = put(pack, picture, engine, more.target)
    job = _Job(question, picture, more, say, seed, alone=len(kinds) == 1)
    return job.run(kinds, lang)


def _kinds(method: str) -> tuple[Kind, ...]:
    if method not in METHODS:
        near = difflib.get_close_matches(method, METHODS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"Unknown method {method!r}; known are {', '.join(METHODS)}.{hint}")
    return METHODS[method]


def _at_edge(mask: NDArray[np.bool_]) -> bool:
    """Whether the lesion reaches the first or last pixel of an axis."""
    return any(bool(np.take(mask, end, axis).any()) for axis in range(mask.ndim) for end in (0, -1))


def _check_mask(picture: Picture, mask: NDArray[np.bool_] | None) -> None:
    if mask is None:
        return
    if mask.shape != picture.size:
        raise InputError(
            f"The mask has {' × '.join(map(str, mask.shape))} pixels, its picture "
            f"{' × '.join(map(str, picture.size))}. A mask must lie on its picture's grid."
        )
    if not mask.any():
        raise InputError("The mask is empty: no pixel of it is above 0. Give a mask of the lesion, or none.")


@dataclass(frozen=True, eq=False)
class _Job:
    """One explanation in the making."""

    question: Question
    picture: Picture
    more: More
    say: Speaker
    seed: int
    alone: bool

    def run(self, kinds: tuple[Kind, ...], lang: str) -> Explanation:
        q, maps, warnings = self.question, [], list[str]()
        table: AttributeTable | None = None
        for number, kind in enumerate(kinds):
            if self.more.progress:
                self.more.progress(kind, number / len(kinds))
            if kind == "attributes":
                table = self._attributes(warnings)
            elif kind == "lime":
                maps.append(self._lime())
            elif (made := self._cam(warnings)) is not None:
                maps.append(made)
        if q.abstained:
            warnings.append(self.say("unsure_answer"))
        if self.more.check and maps and not can_shuffle():
            warnings.append(self.say("not_shuffled"))
        spec = q.pack.spec
        return Explanation(
            pack=f"{spec.name} {spec.version}",
            task=spec.task,
            name=q.name,
            probability=q.probability,
            abstained=q.abstained,
            engine=q.engine,
            lang=lang,
            seed=self.seed,
            picture=self.picture,
            maps=tuple(maps),
            attributes=table,
            sentence=sentence(self.say, self._opening(), table, maps),
            warnings=tuple(warnings),
        )

    def _opening(self) -> tuple[str, str, float]:
        """Which words the sentence begins with, and what they are about."""
        q = self.question
        if q.pack.spec.multi_label and q.abstained:
            return "unsure_of", q.name, q.probability
        key = "other" if not q.answered else "unsure" if q.abstained else q.pack.spec.task
        return key, q.name, q.probability

    def _rng(self, number: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, number])

    def _cam(self, warnings: list[str]) -> HeatMap | None:
        """Exact from the output ``maps``; by gradients elsewhere, where that can be."""
        q = self.question
        if "maps" in q.outputs:
            coarse, shuffle = cam.class_map(q), self._shuffled_cams
            how = "forward only, from the class maps"
        elif not self.alone and not gradient.can_differentiate(q.pack.main):
            warnings.append(self.say("no_gradient"))
            return None
        else:
            net = gradient.open_net(q.pack.main)
            layer = gradient.chosen_layer(net, q.image.shape[1:], q.image.shape[0], q.pack.spec.task)
            target = gradient.target_of(q)
            coarse = gradient.GradCam(net, layer)(q.image, target)
            how = f"gradients at {layer}"

            def shuffle() -> list[NDArray[np.float32]]:
                nets = [gradient.shuffled(net, self._rng(10 + k)) for k in range(SHUFFLES)]
                return [gradient.GradCam(one, layer)(q.image, target) for one in nets]

        size = q.image.shape[1:]
        fitted = heat.to_fitted(coarse, size)

        def blind(rng: np.random.Generator) -> NDArray[np.float32]:
            return heat.to_fitted(rng.normal(size=coarse.shape), size)

        values = heat.scaled(np.maximum(heat.to_source(coarse, q.fit), 0))
        made = HeatMap("grad-cam", values, fitted, about={"how": how, "cells": list(coarse.shape)})
        return self._checked(made, blind, lambda: checks.depends_on_weights(coarse, shuffle()))

    def _shuffled_cams(self) -> list[NDArray[np.float32]]:
        found = []
        for number in range(SHUFFLES):
            with shuffled_engine(self.question.pack.main, self._rng(10 + number)) as engine:
                found.append(cam.class_map(self.question.of(engine.run)))
        return found

    def _lime(self) -> HeatMap:
        q, more = self.question, self.more
        count = more.segments or lime.segment_count(q.image.shape[1:])
        segments = lime.superpixels(q.image, q.fit.inner, count)
        shown = lime.sample(self._rng(1), more.samples, int(segments.max()))
        local = lime.fit_local(shown, lime.probabilities(q, segments, shown))
        spread = np.concatenate([[0.0], local.weights])
        fitted = spread[segments].astype(np.float32)
        on_source = heat.labels_to_source(segments, q.fit)
        about = {"samples": len(shown), "parts": len(local.weights), "r2": round(local.r2, 3)}
        made = HeatMap(
            kind="lime",
            values=heat.scaled(spread[on_source]),
            fitted=fitted,
            checks=(Check("local_fit", local.r2, attributes.LEAST_FIT, False, "Ribeiro et al., LIME, KDD 2016"),),
            segments=on_source,
            weights=tuple(float(w) for w in local.weights),
            about=about,
        )

        def blind(rng: np.random.Generator) -> NDArray[np.float32]:
            return rng.normal(size=len(spread)).astype(np.float32)[segments]

        def shuffled() -> Check:
            few = shown[: max(len(shown) // 2, 2)]
            found = []
            for number in range(SHUFFLES):
                with shuffled_engine(q.pack.main, self._rng(20 + number)) as engine:
                    found.append(lime.fit_local(few, lime.probabilities(q.of(engine.run), segments, few)).weights)
            return checks.depends_on_weights(local.weights, found)

        return self._checked(made, blind, shuffled)

    def _checked(self, made: HeatMap, blind: checks.DrawHeat, randomised: Callable[[], Check]) -> HeatMap:
        """The map with its checks, and a warning for each that failed."""
        found, q = list(made.checks), self.question
        if self.more.check:
            found += checks.faithful(q, made.fitted, blind, self._rng(2))
            found += [randomised()] if can_shuffle() or "gradients" in str(made.about.get("how")) else []
        if self.more.mask is not None:
            hit = float(checks.points_inside(made.values, self.more.mask))
            source = "Zhang et al., Excitation backprop, IJCV 2018"
            found += [Check("pointing", hit, 0.5, False, source), checks.energy_inside(made.values, self.more.mask)]
        warnings = [self.say.failed(made.kind, one) for one in found if not one.passed]
        if not (made.values > 0).any():
            warnings.insert(0, self.say("cold", method=self.say.method(made.kind), name=q.name))
        return replace(made, checks=tuple(found), warnings=tuple(warnings))

    def _attributes(self, warnings: list[str]) -> AttributeTable | None:
        if self.question.pack.spec.task != "classify":
            warnings.append(self.say("only_classes"))
            return None
        table = attributes.explain_attributes(self.question, self.picture, self.more.mask)
        if table is None:
            warnings.append(self.say("no_lesion"))
            return None
        said = [self.say("mask_measured")] if table.mask_from == "measured" else []
        said += [self.say("cut_off")] if _at_edge(table.mask) else []
        said += [self.say.failed("attributes", one) for one in table.checks if not one.passed]
        return replace(table, warnings=tuple(said))
