"""``CARD.md``: what a pack draws, how well, from which cases it learned, under which terms."""

from __future__ import annotations

from typing import Any

from limner.image.mr import SEQUENCES
from limner.packs.inputs import PictureSpec
from limner.packs.made import GeneratorSpec, TranslatorSpec
from limner.packs.pack import Pack
from limner.packs.slices import SlicesSpec
from limner.packs.spec import Calibration


def card(pack: Pack) -> str:
    """The card of a pack, written from ``pack.json`` alone."""
    spec = pack.spec
    lines = [
        f"# {spec.name} {spec.version}",
        "",
        spec.description,
        "",
        f"**Not for clinical use.** {spec.licence}.",
        "",
        *_answers(pack),
        "",
        *_figures(spec.figures),
        "## What it learned from",
        "",
        "| data | terms | cases |",
        "|---|---|---|",
        *(f"| {source} | {terms} | {len(cases)}: {', '.join(cases)} |" for (source, terms), cases in _sources(pack)),
        "",
        "## How it was trained",
        "",
        spec.history or "By a recipe of this project.",
        "",
        *(f"- {citation}" for citation in spec.citations),
        "",
    ]
    return "\n".join(lines)


def _answers(pack: Pack) -> list[str]:
    spec = pack.spec
    if isinstance(spec.input, PictureSpec):
        return _picture_answers(pack, spec.input)
    if isinstance(spec.input, SlicesSpec):
        return _thin_answers(spec.input, spec.calibration)
    window = f"{spec.input.window_hu[0]:g} to {spec.input.window_hu[1]:g} HU"
    grid = " × ".join(f"{s:g}" for s in spec.input.spacing_mm)
    if spec.generator is not None:
        size = " × ".join(map(str, spec.input.patch))
        seeds = spec.generator.condition == "none"
        origin = "nothing but a seed" if seeds else f"a label map ({', '.join(spec.classes[1:])})"
        return [
            "## What it makes",
            "",
            f"Volumes of nobody, {size} voxels of {grid} mm (Z, Y, X), {window}, from {origin}. "
            "Each is marked as synthetic.",
        ]
    return [
        "## What it draws",
        "",
        f"Learned: {', '.join(pack.structures)}. By rules on attenuation: {', '.join(spec.classical) or 'nothing'}.",
        f"Input: {', '.join(spec.input.modality)}, window {window}, grid {grid} mm (Z, Y, X).",
        *(_scan_answers(spec.calibration) if spec.calibration and spec.task == "segment" else []),
    ]


def _thin_answers(given: SlicesSpec, known: Calibration | None) -> list[str]:
    low, high = (given.factor * one for one in given.thin_mm)
    of, each = "/".join(given.modality), given.factor
    told = (
        f"Makes {each} slices of each slice of {of}; the mean of the {each} is the slice again, exactly."
        if given.plane == "through"
        else f"Makes {each} × {each} pixels of each pixel of a slice of {of}; their mean is the pixel again, exactly."
    )
    taken = (
        f"slices that lie {low:g} to {high:g} mm apart and are about as thick, of any size and pixel"
        if given.plane == "through"
        else f"slices of any thickness and distance, whose pixels are square and {low:g} to {high:g} mm wide"
    )
    spread = "how far samples of its latent differ, " if given.latent else ""
    return [
        "## What it does",
        "",
        told,
        f"Input: {taken}; values of any range.",
        *(
            [f"Its map of uncertainty is {spread}multiplied by {known.temperature:g} ({known.fitted_on})."]
            if known
            else []
        ),
    ]


def _scan_answers(known: Calibration) -> list[str]:
    lines = [_tempered(known)] if known.ece_before is not None else []
    if known.abstain_below > 0:
        chosen = "" if lines else f" ({known.fitted_on})"
        lines.append(f'A lesion less probable than {known.abstain_below:.2f} is given as "not sure"{chosen}.')
    return lines


def _tempered(known: Calibration) -> str:
    return (
        f"Probabilities are divided by temperature {known.temperature:g} (expected calibration error "
        f"{_number(known.ece_before)} before, {_number(known.ece_after)} after; {known.fitted_on})."
    )


def _generated(pack: Pack, made: PictureSpec, known: GeneratorSpec) -> list[str]:
    classes = ", ".join(pack.spec.classes[1:] if known.condition in ("mask", "place") else pack.spec.classes)
    origin = {
        "none": "nothing but a seed",
        "label": f"a class ({classes})",
        "mask": f"a label map ({classes})",
        "place": f"a seed, and numbers that can be set: how large it is and where ({classes})",
    }
    size, colours = " × ".join(map(str, made.size)), "grey" if made.channels == 1 else f"{made.channels} channels"
    named = list(dict.fromkeys(one.name for one in known.directions))
    return [
        "## What it makes",
        "",
        f"Pictures of nobody, {size} pixels, {colours}, from {origin[known.condition]}. Each is marked as synthetic.",
        *([f"Directions: {', '.join(named)}."] if named else []),
        *(["It makes given pictures again, too, as far as its few numbers can tell them."] * known.encoder),
    ]


def _translated(given: PictureSpec, known: TranslatorSpec, fitted: Calibration | None) -> list[str]:
    size = " × ".join(map(str, given.size))
    of = ", ".join(SEQUENCES[name] for name in given.channel_names)
    pairs = "slices that do not belong together" if known.unpaired else "slices of which all were acquired"
    return [
        "## What it makes",
        "",
        f"{SEQUENCES[known.wanted]} of {of}, slice by slice, {size} pixels; learned from {pairs}. Scans are made on "
        f"the grid of {SEQUENCES[str(given.reference)]}. Each image is marked as made by a net.",
        "",
        "**A lesion may be missing in what it makes, or be seen where none is.** It can show no more than what it is "
        "given shows; what it adds, it has seen in others. Never read it alone.",
        *(
            [
                "Its map of uncertainty is how much a value hangs on how the net was asked, times "
                f"{fitted.temperature:g} ({fitted.fitted_on}). It does not see what the net has invented."
            ]
            if fitted
            else []
        ),
    ]


def _picture_answers(pack: Pack, given: PictureSpec) -> list[str]:
    spec = pack.spec
    if spec.generator is not None:
        return _generated(pack, given, spec.generator)
    if spec.translator is not None:
        return _translated(given, spec.translator, spec.calibration)
    size, colours = " × ".join(map(str, given.size)), "grey" if given.channels == 1 else f"{given.channels} channels"
    meant = ", ".join(SEQUENCES[name] for name in given.channel_names)
    lines = [
        "## What it says",
        "",
        f"Task: {spec.task}. Classes: {', '.join(spec.classes)}.",
        *(["Several of them may be there at once, or none: each has a probability of its own."] * spec.multi_label),
        *(f"Counted together as {name}: {', '.join(some)}." for name, some in spec.groups.items()),
        f"Input: {', '.join(given.modality)}, {size} pixels, {colours}; sides keep their ratio, the rest is black."
        + (f" Channels: {meant}." if meant else "")
        + (f" {given.window_hu[0]:g} to {given.window_hu[1]:g} HU become black and white." if given.window_hu else ""),
    ]
    if pack.draws_slices:
        others = "; ".join(
            f"for {SEQUENCES[name]} that is missing: {', else '.join(SEQUENCES[one] for one in some)}"
            for name, some in given.stand_ins.items()
        )
        lines.append(
            f"Scans of these series are drawn slice by slice on the grid of {SEQUENCES[str(given.reference)]}"
            f"{f' ({others})' if others else ''}. By rules: {', '.join(spec.classical) or 'nothing'}."
        )
    known = spec.calibration
    if known:
        lines += [
            _tempered(known),
            f'An answer less sure than {known.abstain_below:.2f} is given as "not sure"'
            + ("; it is as sure as its least sure class." if spec.multi_label else "."),
        ]
    return lines


def _sources(pack: Pack) -> list[tuple[tuple[str, str], list[str]]]:
    sources: dict[tuple[str, str], list[str]] = {}
    for row in pack.spec.training:
        sources.setdefault((row.source, row.licence), []).append(row.case)
    return list(sources.items())


COLUMNS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC",
    "dice": "Dice",
    "worst": "worst",
    "patient_dice": "Dice by patient",
    "pack_above": "Dice above two readers",
    "hd95_mm": "HD95 mm",
    "hd95_px": "HD95 px",
    "nsd": "NSD 2 mm",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "sensitivity_at_2_false": "sensitivity at 2 false marks",
    "froc": "FROC",
    "ap50": "AP at IoU .5",
    "false_marks": "false marks",
    "false_lesions": "false lesions",
    "psnr": "PSNR dB",
    "ssim": "SSIM",
    "perceptual": "perceptual distance",
    "tumor_dice": "Dice of the tumour drawn on it",
    "tumor_dice_real": "on the acquired one",
    "missed": "tumours missed",
    "missed_real": "missed on the acquired one",
    "invented": "invented",
    "invented_real": "invented on the acquired one",
    "psnr_gain": "dB over cubic",
    "ssim_gain": "SSIM over cubic",
    "psnr_soft_gain": "dB over cubic, soft tissue",
    "ssim_soft_gain": "SSIM over cubic, soft tissue",
    "mae_hu": "mean error HU",
    "consistency_hu": "consistency HU",
    "error_over_expected": "error over expected",
    "inside_90": "in the 90 % interval",
    "doubt_rank": "rank of doubt with error",
    "kernel_distance": "kernel distance",
    "frechet_distance": "Fréchet distance",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
    "copied": "copied",
}
"""Figures that a card shows, in order, where the pack has them."""
MEANS = "Means over cases with 95 % intervals (bootstrap over patients); no case was seen in training."
MADE = (
    "As many pictures of nobody as real ones that were not learned from, in the features of a shipped net. The "
    "interval is over subsets of pictures. Beside it: the same of real pictures that were learned from."
)


def _figures(figures: list[dict[str, Any]]) -> list[str]:
    if not figures:
        return []
    explained = [row for row in figures if row.get("explain")]
    figures = [row for row in figures if not row.get("explain")]
    shown = [name for name in COLUMNS if any(_known(row, name) for row in figures)]
    lesions = "Sensitivity of lesions: share of those longer than 10 mm that were found." if "hd95_mm" in shown else ""
    lines = [
        "## How well",
        "",
        MADE if "kernel_distance" in shown else MEANS,
        *(
            [f"False marks and lesions: per scan. {lesions}".strip()]
            if {"false_marks", "false_lesions"} & {*shown}
            else []
        ),
        "",
        f"| data | n | region | {' | '.join(COLUMNS[name] for name in shown)} |",
        "|---" * (len(shown) + 3) + "|",
    ]
    for row in figures:
        cells = [row["data"], str(row["n"]), row["region"]]
        cells += [_number(row.get("worst_dice")) if one == "worst" else _cell(row["metrics"].get(one)) for one in shown]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *_beside(figures)]
    return [*lines, *_commands(figures), *_explanations(explained)]


def _commands(rows: list[dict[str, Any]]) -> list[str]:
    return ["Printed by:", "", "```console", *dict.fromkeys(row["command"] for row in rows), "```", ""]


def _explanations(rows: list[dict[str, Any]]) -> list[str]:
    """How far the pack's explanations can be believed."""
    if not rows:
        return []
    lines = [
        "## How far its explanations can be believed",
        "",
        "Pointing: how often the hottest point lies in the lesion, beside the picture's middle. Deletion, insertion:",
        "area under the answer's probability while the hottest pixels go or come, beside random heat (deletion low,",
        "insertion high). Randomisation: how alike the heat of nets with shuffled weights is, which should be little.",
        "",
        "| data | n | method | measure | value | beside |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        for name, value in row["metrics"].items():
            cells = [row["data"], str(row["n"]), row["explain"], name.replace("_", " ").replace("auc", "AUC")]
            lines.append(f"| {' | '.join([*cells, _cell(value), _cell(row['baseline'].get(name))])} |")
    return [*lines, "", *_commands(rows)]


def _known(row: dict[str, Any], name: str) -> bool:
    if name == "worst":
        return row.get("worst_dice") is not None
    return (row["metrics"].get(name) or {}).get("value") is not None


def _beside(figures: list[dict[str, Any]]) -> list[str]:
    """What always saying the commonest would reach, and how far the probabilities can be believed."""
    lines = []
    for row in figures:
        known = row.get("baseline", {}).items()
        told = [
            f"{_whose(name)}{name.replace('_', ' ')} {_number(value)}{_ends(row['baseline'], name)}"
            for name, value in known
            if not name.endswith(("_low", "_high"))
        ]
        if "ece" in row.get("calibration", {}):
            told.append(_believable(row["calibration"]))
        if told:
            lines.append(f"{row['data']}: {', '.join(told)}.")
    return [*lines, ""] if lines else []


def _ends(known: dict[str, float], name: str) -> str:
    """The interval of a baseline, where it has one."""
    ends = [known.get(f"{name}_{end}") for end in ("low", "high")]
    return "" if None in ends else f" ({'–'.join(_number(one) for one in ends)})"


def _whose(baseline: str) -> str:
    """A baseline that says itself what it is of has several words; distances are those of real pictures."""
    if baseline.startswith(("kernel_distance", "frechet_distance")):
        return "real pictures' "
    return "" if " " in baseline else "the majority's "


def _believable(known: dict[str, float]) -> str:
    """The calibration error, and what a calibrated net would show on the same cases where that was worked out."""
    told = f"expected calibration error {_number(known['ece'])}"
    if "ece_expected" not in known:
        return told
    ends, expected = ([_number(known[f"{name}_{end}"]) for end in ("low", "high")] for name in ("ece", "ece_expected"))
    return (
        f"{told} ({'–'.join(ends)}; a perfectly calibrated net would show {'–'.join(expected)} on as many "
        f"patients, at least this much in {100 * known['p_calibrated']:.0f} % of trials)"
    )


def _cell(interval: dict[str, float | None] | None) -> str:
    if not interval or interval["value"] is None:
        return "–"
    if interval.get("low") is None or interval["low"] == interval["high"]:
        return _number(interval["value"])
    return f"{_number(interval['value'])} ({_number(interval['low'])}–{_number(interval['high'])})"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.1f}"
