"""An evaluation as a folder: its JSON, and the curves that say how far its probabilities can be believed."""

from __future__ import annotations

import shutil
from pathlib import Path

from limner.errors import OutputExistsError
from limner.infer.evaluate.figures import Evaluation

_FILES = ("evaluation.json", "reliability.png", "risk_coverage.png")


def write_evaluation(found: Evaluation, out: Path, *, force: bool = False) -> Path:
    """Writes ``evaluation.json``, and ``reliability.png`` and ``risk_coverage.png`` where the task has them.

    The folder is made aside and renamed.

    Args:
        found: what is written.
        out: the folder to make.
        force: replace an older evaluation.

    Returns:
        The folder.

    Raises:
        OutputExistsError: see :func:`refuse_existing`.
    """
    out = Path(out)
    refuse_existing(out, force)
    aside = out.with_name(f".{out.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        (aside / "evaluation.json").write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
        if found.reliability or found.risk_coverage:
            _curves(found, aside)
        if out.exists():
            shutil.rmtree(out)
        aside.rename(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return out


def refuse_existing(out: Path, force: bool) -> None:
    """Asked before the work, too.

    Raises:
        OutputExistsError: something is there and ``force`` is false, or it is no evaluation.
    """
    out = Path(out)
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    ours = out.is_dir() and all(path.name in _FILES for path in out.iterdir())
    if not ours:
        raise OutputExistsError(f"{out.name!r} is there and holds other things than an evaluation. Choose another -o.")
    if not force:
        raise OutputExistsError(f"An evaluation is already in {out.name!r}; give --force or another -o.")


def _curves(found: Evaluation, folder: Path) -> None:
    from limner.report.curves import reliability_png, risk_coverage_png

    known = found.calibration
    if found.reliability:
        (folder / "reliability.png").write_bytes(reliability_png(found.reliability, known["ece"]))
    if found.risk_coverage:
        accuracy = known.get("accuracy_of_answered")
        risk = None if accuracy is None else 1 - accuracy
        png = risk_coverage_png(found.risk_coverage, known["risk_coverage_area"], known.get("answered"), risk)
        (folder / "risk_coverage.png").write_bytes(png)
