"""A pack's probabilities fitted anew on one's own cases: another hospital's scanner, the same weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from limner import nets
from limner.data.box_truth import truth_of
from limner.data.examples import Examples, class_indices, class_truths, labels_of, read_examples
from limner.data.learned import refuse_learned, where
from limner.data.mask_cases import class_masks
from limner.errors import CohortError, PackError
from limner.packs import Calibration, Pack, PictureSpec
from limner.packs.rewrite import refuse_existing, write_calibrated
from limner.tasks import multilabel
from limner.train import classify, detect, masks
from limner.train import multilabel as several
from limner.train.pictures import view_for
from limner.train.recipe_data import PictureData

Progress = Callable[[str, float], None]


def recalibrate(
    pack: Pack,
    cohort: Path,
    out: Path,
    split: str | None = None,
    column: str | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Fits a pack's calibration on a cohort, as training does on its check split, and writes the pack anew.

    Weights stay as they are. Figures are left out of the new pack: they were of the old probabilities.

    Args:
        pack: of pictures.
        cohort: CSV, JSONL or a MedMNIST archive, with labels, masks or boxes as the pack's task asks.
        out: folder of the new pack.
        split: only these cases; all of them where None.
        column: that names labels, masks or boxes; the task's own word where None.
        force: replace an older pack in ``out``.
        progress: called with a case and the share done.

    Returns:
        ``out``.

    Raises:
        PackError: the pack reads scans, or has no weights to run here; CohortError: it learned from these cases, or
            they do not tell what is asked; OutputExistsError: something is in ``out``.
    """
    if not isinstance(pack.spec.input, PictureSpec):
        raise PackError(
            f"Pack {pack.name!r} reads whole scans: their temperature is fitted in training. When its lesions are "
            '"not sure" is fitted by limner.infer.recalibrate, as `limner packs calibrate` does.'
        )
    refuse_existing(out, force)
    refuse_learned(pack, cohort, split)
    data = _data(pack, cohort, column)
    examples = read_examples(cohort, view_for(data, pack.spec.task), split, progress)
    found = _held(pack, data, examples)(_net(pack))
    found = found.model_copy(update={"fitted_on": found.fitted_on.replace("the check split", where(cohort, split))})
    return write_calibrated(pack, found, out)


def _data(pack: Pack, cohort: Path, column: str | None) -> PictureData:
    """What a recipe would say of the pack and the cohort."""
    spec, given = pack.spec, pack.main.picture
    return PictureData.model_validate(
        {
            "size": given.size,
            "channels": given.channels,
            "modality": given.modality,
            "classes": dict(zip(spec.class_values or map(str, range(len(spec.classes))), spec.classes, strict=True)),
            "groups": spec.groups,
            "column": column,
            "multi_label": spec.multi_label,
            "color_constancy": given.color_constancy,
            "window_hu": given.window_hu,
            "sources": [{"cohort": str(cohort), "licence": "not learned from"}],
        }
    )


def _held(pack: Pack, data: PictureData, examples: Examples) -> Callable[[nn.Module], Calibration]:
    """How the pack's task fits its calibration on examples."""
    spec = pack.spec
    if spec.task == "segment":
        return masks.Checked(examples, class_masks(examples, data.classes), data, spec.mirrors).calibrate
    if spec.task == "detect":
        truth = truth_of(examples, data.classes, strict=False)
        held = detect.Boxed(examples.stack(), truth, tuple(row.patient for row in examples.rows))
        options: dict[str, Any] = spec.net.options if spec.net else {}
        return detect.CheckedBoxes(held, int(options.get("stride", 4)), spec.decode.presence_cells).calibrate
    if spec.multi_label:
        none = (multilabel.NONE, *spec.none_values)
        there = class_truths(examples, _as_called(data.classes, examples, set(none)), none)
        return several.CheckedTruths(examples.stack(), there, spec.mirrors).calibrate
    labels = class_indices(examples, _as_called(data.classes, examples, set()))
    if len(set(labels.tolist())) < 2:
        raise CohortError("Every case is of one class: probabilities are calibrated on cases of several.")
    return classify.Checked(examples.stack(), labels, spec.mirrors).calibrate


def _as_called(values: dict[str, str], examples: Examples, none: set[str]) -> dict[str, str]:
    """A cohort may call the classes by the pack's values or by its names."""
    used = {one for row in examples.rows for one in labels_of(row.label)} - none
    names = {name: name for name in values.values()}
    return names if used <= set(names) else values


def _net(pack: Pack) -> nn.Module:
    """The pack's net with its weights, on the processor."""
    found = pack.main
    if found.build is None or not found.weights.is_file():
        raise PackError(f"Pack {pack.name!r} holds no weights that can be run here (weights.safetensors).")
    build = found.build
    net: nn.Module = nets.load(build.name, found.input.channels, len(found.classes), found.weights, **build.options)
    return net
