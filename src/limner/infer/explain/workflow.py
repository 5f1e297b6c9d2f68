"""``explain``: one picture or one finding of a scan, every method that was asked for, each with its checks."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limner.errors import InputError, PackError
from limner.image import Image, Picture
from limner.infer.explain import attributes, cam, checks, gradient, heat, lime, scan_attributes
from limner.infer.explain.ask import Question, put
from limner.infer.explain.explanation import AttributeTable, Check, Explanation, HeatMap, Kind
from limner.infer.explain.scan import CLOSE, ScanAsker, answer_scan, choose
from limner.infer.explain.shuffle import can_shuffle, shuffled_engine
from limner.infer.explain.source import PictureSource, ScanSource
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

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Effort:
    """How often the net is asked.

    Args:
        samples: inputs that LIME asks about.
        steps: of a deletion or insertion curve.
        orders: random ones that a curve is compared with.
        shuffles: nets with shuffled weights that a map is compared with.
    """

    samples: int
    steps: int
    orders: int
    shuffles: int


PICTURES, SCANS = Effort(300, checks.STEPS, checks.ORDERS, 2), Effort(80, 6, 2, 1)
"""A window of a scan takes seconds where a picture takes milliseconds."""


@dataclass(frozen=True, eq=False)
class More:
    """What is seldom asked of an explanation.

    Args:
        target: class or group to explain, of a scan a finding's id or a class; the likeliest where None.
        mask: ``(*size)`` of the lesion on the source's grid: attributes of a picture are measured in it, heat is held
            against it.
        where: ``(*size)`` of a picture: only what was outlined or marked there is explained; all of it where None.
        samples: inputs that LIME asks about; :data:`PICTURES` and :data:`SCANS` say how many where None.
        segments: parts that LIME cuts a picture, or a finding and its surroundings, into; by the size where None.
        check: hold each explanation to account; it costs many runs of the net.
        progress: called with a step's name and the share done.
    """

    target: str | None = None
    mask: NDArray[np.bool_] | None = None
    where: NDArray[np.bool_] | None = None
    samples: int | None = None
    segments: int | None = None
    check: bool = True
    progress: Progress | None = None


def explain(
    pack: Pack,
    given: Picture | Image,
    *,
    method: str = "all",
    engine: str = "auto",
    lang: str = "en",
    seed: int = 0,
    more: More | None = None,
) -> Explanation:
    """Why a pack says what it says of one picture, or of one finding of a scan.

    Args:
        pack: of any task, 2-D or 3-D.
        given: the source, a scan for packs that read scans; heat maps lie on its grid.
        method: a key of :data:`METHODS`.
        engine: of :data:`limner.infer.engines.ENGINES`, or ``auto``. Where gradients are needed torch runs beside it.
        lang: ``en`` or ``zh``.
        seed: of LIME's samples and of the checks' random baselines.
        more: target, mask, effort.

    Raises:
        InputError: unknown method or language; nothing was found that could be explained; a mask on another grid.
        PackError: a scan for a pack of pictures or the other way round; an unknown target; attributes of a pack on
            pictures that does not classify, or of a structure that is no lesion.
        MissingExtraError: Grad-CAM alone was asked of a net that needs gradients, and torch is not installed.
    """
    more = more or More()
    kinds = _kinds(method)
    say = Speaker(lang)
    if not isinstance(pack.spec.input, PictureSpec):
        if not isinstance(given, Image):
            raise PackError(f"Pack {pack.name!r} reads scans, and this is a picture. See `limner packs list`.")
        _check_mask(given.grid.shape, more.mask)
        if more.progress:
            more.progress("predict", 0.0)
        answered = answer_scan(pack, given, engine)
        part = choose(pack, answered, more.target)
        question = ScanAsker(pack, answered, engine).put(part)
        stated = answered.prediction.probability_of(part)
        return explain_question(question, kinds, lang=lang, seed=seed, more=more, stated=stated)
    if not isinstance(given, Picture):
        raise PackError(f"Pack {pack.name!r} reads pictures, and this is a scan. See `limner packs list`.")
    if pack.spec.task not in ("classify", "segment", "detect"):
        raise PackError(
            f"Pack {pack.name!r} has the task {pack.spec.task!r}: it gives no answer that could be explained."
        )
    if "attributes" in kinds and len(kinds) == 1 and pack.spec.task != "classify":
        raise PackError(f"Pack {pack.name!r} has the task {pack.spec.task!r}; attributes are asked of classifiers.")
    _check_mask(given.size, more.mask)
    question = put(pack, given, engine, more.target, more.where)
    job = _Job(question, more, say, seed, alone=len(kinds) == 1)
    return job.run(kinds, lang)


def explain_question(
    question: Question,
    kinds: tuple[Kind, ...] = METHODS["all"],
    *,
    lang: str = "en",
    seed: int = 0,
    more: More | None = None,
    stated: float | None = None,
) -> Explanation:
    """As :func:`explain`, of a question that was put before: to the nets of a drawing that is being made.

    Args:
        kinds: of explanation, in the order in which they are made.
        stated: the probability that the drawing gives, to be held against the question's.
    """
    say, source = Speaker(lang), question.source
    if kinds == ("attributes",) and isinstance(source, ScanSource) and source.finding.label.kind != "lesion":
        raise PackError(
            f"Attributes are measured of lesions; {question.name} is of the kind {source.finding.label.kind!r}. "
            "Name a lesion with --target, or take another --method."
        )
    job = _Job(question, more or More(), say, seed, alone=len(kinds) == 1, stated=stated)
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


def _check_mask(size: tuple[int, ...], mask: NDArray[np.bool_] | None) -> None:
    if mask is None:
        return
    if mask.shape != size:
        raise InputError(
            f"The mask has {' × '.join(map(str, mask.shape))} pixels, its picture "
            f"{' × '.join(map(str, size))}. A mask must lie on its picture's grid."
        )
    if not mask.any():
        raise InputError("The mask is empty: no pixel of it is above 0. Give a mask of the lesion, or none.")


@dataclass(frozen=True, eq=False)
class _Job:
    """One explanation in the making."""

    question: Question
    more: More
    say: Speaker
    seed: int
    alone: bool
    stated: float | None = None

    @property
    def effort(self) -> Effort:
        """What this source allows."""
        known = SCANS if isinstance(self.question.source, ScanSource) else PICTURES
        return replace(known, samples=self.more.samples or known.samples)

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
        if self.stated is not None and abs(self.stated - q.probability) > CLOSE:
            warnings.insert(0, self.say("elsewhere", p=q.probability, stated=self.stated))
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
            source=q.source,
            maps=tuple(maps),
            attributes=table,
            sentence=sentence(self.say, self._opening(), table, maps, q.source),
            warnings=tuple(warnings),
        )

    def _opening(self) -> tuple[str, str, float]:
        """Which words the sentence begins with, and what they are about."""
        q = self.question
        if q.abstained and (q.pack.spec.multi_label or isinstance(q.source, ScanSource)):
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
        elif not self.alone and not gradient.can_differentiate(q.net):
            warnings.append(self.say("no_gradient"))
            return None
        else:
            net = gradient.open_net(q.net)
            local = isinstance(q.source, ScanSource)
            layer = gradient.chosen_layer(net, q.image.shape[1:], q.image.shape[0], q.pack.spec.task, local)
            target = gradient.target_of(q)
            coarse = gradient.GradCam(net, layer, local)(q.image, target)
            how = f"gradients at {layer}" + (", place by place" if local else "")

            def shuffle() -> list[NDArray[np.float32]]:
                nets = [gradient.shuffled(net, self._rng(10 + k)) for k in range(self.effort.shuffles)]
                return [gradient.GradCam(one, layer, local)(q.image, target) for one in nets]

        size = q.image.shape[1:]
        fitted = heat.to_fitted(coarse, size)

        def blind(rng: np.random.Generator) -> NDArray[np.float32]:
            return heat.to_fitted(rng.normal(size=coarse.shape), size)

        values = heat.scaled(np.maximum(q.source.heat(coarse), 0))
        made = HeatMap("grad-cam", values, fitted, about={"how": how, "cells": list(coarse.shape)})
        return self._checked(made, blind, lambda: checks.depends_on_weights(coarse, shuffle()))

    def _shuffled_cams(self) -> list[NDArray[np.float32]]:
        found = []
        for number in range(self.effort.shuffles):
            with shuffled_engine(self.question.net, self._rng(10 + number)) as engine:
                found.append(cam.class_map(self.question.of(engine.run)))
        return found

    def _lime(self) -> HeatMap:
        q, effort = self.question, self.effort
        segments = self._segments()
        shown = lime.sample(self._rng(1), effort.samples, int(segments.max()))
        local = lime.fit_local(shown, lime.probabilities(q, segments, shown))
        spread = np.concatenate([[0.0], local.weights])
        fitted = spread[segments].astype(np.float32)
        on_source = q.source.parts(segments)
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
            for number in range(self.effort.shuffles):
                with shuffled_engine(q.net, self._rng(20 + number)) as engine:
                    found.append(lime.fit_local(few, lime.probabilities(q.of(engine.run), segments, few)).weights)
            return checks.depends_on_weights(local.weights, found)

        return self._checked(made, blind, shuffled)

    def _segments(self) -> NDArray[np.int32]:
        """What LIME hides and shows."""
        q, count = self.question, self.more.segments
        if isinstance(q.source, ScanSource):
            return lime.supervoxels(q, q.source, count)
        return lime.superpixels(q.image, q.source.inner, count or lime.segment_count(q.image.shape[1:]))

    def _checked(self, made: HeatMap, blind: checks.DrawHeat, randomised: Callable[[], Check]) -> HeatMap:
        """The map with its checks, and a warning for each that failed."""
        found, q = list(made.checks), self.question
        if self.more.check:
            effort = self.effort
            found += checks.faithful(q, made.fitted, blind, self._rng(2), effort.steps, effort.orders)
            found += [randomised()] if can_shuffle() or "gradients" in str(made.about.get("how")) else []
        if self.more.mask is not None:
            mask = self.more.mask[q.source.box] if isinstance(q.source, ScanSource) else self.more.mask
            hit = float(checks.points_inside(made.values, mask))
            source = "Zhang et al., Excitation backprop, IJCV 2018"
            found += [Check("pointing", hit, 0.5, False, source), checks.energy_inside(made.values, mask)]
        warnings = [self.say.failed(made.kind, one) for one in found if not one.passed]
        if not (made.values > 0).any():
            warnings.insert(0, self.say("cold", method=self.say.method(made.kind), name=q.name))
        return replace(made, checks=tuple(found), warnings=tuple(warnings))

    def _attributes(self, warnings: list[str]) -> AttributeTable | None:
        source = self.question.source
        if isinstance(source, ScanSource):
            return self._measured(source, warnings)
        assert isinstance(source, PictureSource)
        if self.question.pack.spec.task != "classify":
            warnings.append(self.say("only_classes"))
            return None
        table = attributes.explain_attributes(self.question, source.picture, self.more.mask)
        if table is None:
            warnings.append(self.say("no_lesion"))
            return None
        said = [self.say("mask_measured")] if table.mask_from == "measured" else []
        said += [self.say("cut_off")] if _at_edge(table.mask) else []
        said += [self.say.failed("attributes", one) for one in table.checks if not one.passed]
        return replace(table, warnings=tuple(said))

    def _measured(self, source: ScanSource, warnings: list[str]) -> AttributeTable | None:
        """Of a finding of a scan: what was measured, on the outline that the pack drew."""
        if source.finding.label.kind != "lesion":
            warnings.append(self.say("only_lesions", name=self.question.name))
            return None
        try:
            table = scan_attributes.measured(source.scan, source.finding, self.question.probability)
        except InputError:
            warnings.append(self.say("too_small"))
            return None
        return replace(table, warnings=(self.say("own_outline"),))
