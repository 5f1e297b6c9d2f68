"""A forecast as a folder: ``forecast.json``, maps of where the tumour may be, labels, pictures, a film; all marked.

What is painted into a patient's image did not happen: every image passes through :mod:`limner.io.synthetic`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.forecast.paint import (
    Panel,
    Slice,
    frame_picture,
    growth_picture,
    image_on,
    panels_picture,
    slice_of,
)
from limner.forecast.run import Run, on_labels
from limner.forecast.shape import surfaces_over_time
from limner.forecast.space.ensemble import Futures
from limner.image import Image
from limner.io import write_glb
from limner.io.synthetic import Origin, write_nifti, write_picture, write_shares
from limner.io.synthetic_film import write_film

Float = NDArray[np.float64]
Progress = Callable[[str, float], None]
MARKER = "forecast.json"
MODEL = "Fisher-KPP: dc/dt = div(D grad c) + rho c (1 - c) - kappa c, no flux into what is blocked"
NOT_CLINICAL = "Not for clinical use: a model's futures, not the patient's."
_FRAMES, _EACH_MS = 13, 350
_QUANTILES = (10, 50, 90)


def write_forecast(run: Run, folder: Path, image: Path | None, progress: Progress | None = None) -> dict[str, Any]:
    """Writes everything into a folder that is there.

    Returns:
        What ``forecast.json`` holds.
    """
    picture = image_on(image, run.scene.labels.grid) if image is not None else None
    told = tell(run)
    origin = _origin(told)
    files: dict[str, list[str]] = {"probability": [], "labels": []}
    last = run.coming.days[-1]
    for k, day in enumerate(run.coming.days):
        if day == 0:
            continue
        if progress:
            progress("write", k / len(run.coming.days))
        name = f"probability-day{day:g}.nii.gz"
        share = _probability(run, k)
        write_shares(_bytes(share), run.scene.labels.grid, folder / name, origin, meaning=_meaning(run, day))
        files["probability"].append(name)
    share = _probability(run, len(run.coming.days) - 1)
    name = f"labels-day{last:g}.nii.gz"
    labels = _labels(run, share, told["volume_ml"]["p50"][-1])
    write_nifti(Image(labels, run.scene.labels.grid), folder / name, origin, values=f"labels at day {last:g}")
    files["labels"].append(name)
    told["files"] = {**files, **_pictures(run, folder, picture, origin), "shape": "growth.glb"}
    write_glb(surfaces_over_time(run), folder / "growth.glb", note=f"Simulated by {origin.pack}. {NOT_CLINICAL}")
    (folder / MARKER).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return told


def tell(run: Run) -> dict[str, Any]:
    """``forecast.json`` without its files."""
    scale = run.scene.volume_ml / max(1e-9, _inside_ml(run))
    bands = {f"p{q}": _rounded(run.coming.percentile(q) * scale) for q in _QUANTILES}
    rates = {
        name: _interval(run, which, unit)
        for name, which, unit in (
            ("D", "diffusion", "mm²/day"),
            ("rho", "growth", "1/day"),
            ("front_speed", "speed", "mm/day"),
            ("front_width", "width", "mm"),
        )
    }
    return {
        "schema": "limner.forecast/1",
        "days": [int(day) for day in run.coming.days],
        "volume_ml": bands,
        "genes": [one.as_dict() for one in run.belief.effects],
        "target": {
            "id": run.scene.finding.id,
            "name": run.scene.finding.name,
            "volume_ml": round(run.scene.volume_ml, 3),
        },
        "model": {
            "equation": MODEL,
            "threshold": run.belief.threshold,
            "grid_mm": [round(s, 3) for s in run.site.grid.spacing_mm],
            "futures": len(run.coming.draws),
            "home": run.site.home,
        },
        "seen": {"times": run.sights, "days_between": run.between_days, "told_by": list(run.known.told_by)},
        "parameters": rates,
        "contour_noise_mm": None if run.known.noise_mm is None else round(run.known.noise_mm, 3),
        "prior": {
            "kind": run.belief.kind,
            "front_speed_mm_per_day": round(run.belief.prior.speed_mm_per_day, 6),
            "front_speed_spread_log": round(run.belief.prior.speed_spread, 3),
            "front_width_mm": round(run.belief.prior.width_mm, 3),
            "front_width_spread_log": round(run.belief.prior.width_spread, 3),
            "source": run.belief.source,
        },
        "genotype": {"genes": dict(run.genotype.genes), "grade": run.genotype.grade, "age": run.genotype.age},
        "switches": {"treatment": _treatment(run)},
        "what_if": [
            {
                "name": one.name,
                "volume_ml": {f"p{q}": _rounded(one.coming.percentile(q) * scale) for q in _QUANTILES},
            }
            for one in run.what_ifs
        ],
        "interval": "80 %: a tenth of the futures is smaller than p10, a tenth larger than p90",
        "warnings": list(run.warnings),
        "note": NOT_CLINICAL,
    }


def _interval(run: Run, which: str, unit: str) -> dict[str, Any]:
    low, middle, high = run.known.interval(which)
    seen = run.known.told_by
    told = "the images" if len(seen) > 1 or (seen and which != "width") else "the prior"
    if which in ("diffusion", "growth") and run.known.told_by and not any("core" in one for one in run.known.told_by):
        told = "the images (the product of D and rho) and the prior (their ratio)"
    if which == "width" and not any("core" in one for one in run.known.told_by):
        told = "the prior"
    if which == "speed" and run.sights == 1:
        told = "the prior"
    return {"value": _signif(middle), "low": _signif(low), "high": _signif(high), "unit": unit, "told_by": told}


def _treatment(run: Run) -> dict[str, Any] | None:
    if run.treatment is None:
        return None
    one = run.treatment
    return {
        "name": one.name,
        "kill": {
            "formula": "kappa = times * per_year / 365.25",
            "per_year": one.kill_per_year,
            "times": round(one.times, 3),
            "spread_log": round(one.spread, 3),
        },
        "from_day": 0,
        "to_day": int(run.coming.days[-1]),
        "effect": one.effect,
        "sources": list(one.sources),
    }


def _inside_ml(run: Run) -> float:
    """The tumour today as the model's futures have it, in the middle."""
    return float(run.coming.percentile(50)[0]) if run.coming.days[0] == 0 else run.scene.volume_ml


def _probability(run: Run, k: int) -> NDArray[np.float32]:
    """On the label map's grid; what is tumour today and untreated stays it."""
    share = np.clip(on_labels(run.coming.probability[k], run.site, run.scene.labels.grid), 0, 1)
    if run.treatment is None:
        share[run.scene.lesion] = np.maximum(share[run.scene.lesion], 0.75)
    return share


def _meaning(run: Run, day: float) -> str:
    """Of a map of probabilities; what is tumour today is not asked whether it stays."""
    today = "" if run.treatment is not None else "; at least .75 where it is drawn today"
    return f"Share of futures, day {day:g}{today}"


def _bytes(share: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(share * 255).astype(np.uint8)


def _labels(run: Run, share: NDArray[np.float32], volume_ml: float) -> NDArray[Any]:
    """The label map with a tumour of a volume, where most of the futures show it."""
    scene = run.scene
    labels = scene.labels.array.copy()
    rank = share.ravel().copy()
    if run.treatment is None:
        rank[scene.lesion.ravel()] = 2.0  # what is tumour stays it
    there = np.flatnonzero(rank > 0)
    count = min(len(there), max(0, round(volume_ml / scene.labels.grid.voxel_ml)))
    chosen = np.zeros(rank.size, bool)
    if count:
        chosen[there[np.argpartition(-rank[there], count - 1)[:count]]] = True
    tumor = chosen.reshape(labels.shape)
    home = [one.label for one in scene.drawing.findings if one.name == run.site.home]
    labels[scene.lesion & ~tumor] = home[0] if home else 0
    labels[tumor] = scene.finding.label
    return labels


def _pictures(run: Run, folder: Path, image: Image | None, origin: Origin) -> dict[str, str]:
    reach = float(min(40.0, run.known.interval("speed")[2] * run.coming.days[-1]))
    base = slice_of(run.scene, image, reach)
    last = run.coming.days[-1]
    panels = [Panel("today", base.lesion)]
    for q in _QUANTILES:
        share = _future(run, run.coming, run.coming.nearest(q), [last], base)[0]
        panels.append(Panel(f"day {last:g}, {q}th percentile", share))
    foot = f"Simulated. Yellow: today. Red: as {'the image' if base.real else 'the drawing'} may look. {NOT_CLINICAL}"
    write_picture(panels_picture(base, panels, foot), folder / "forecast.png", origin)
    bands = tuple(np.array(tell(run)["volume_ml"][f"p{q}"]) for q in _QUANTILES)
    lines = [(one["name"], np.array(one["volume_ml"]["p50"])) for one in tell(run)["what_if"]]
    title = f"{run.scene.finding.name}: volume as {len(run.coming.draws)} futures have it"
    chart = growth_picture(run.coming.days, (bands[0], bands[1], bands[2]), lines, (title, NOT_CLINICAL))
    write_picture(chart, folder / "growth.png", origin)
    days = np.linspace(0, last, _FRAMES)
    shares = _future(run, run.coming, run.coming.nearest(50), days.tolist(), base)
    frames = [
        frame_picture(base, one, f"day {day:.0f} (simulated, median)") for one, day in zip(shares, days, strict=True)
    ]
    write_film(frames, folder / "forecast.webp", origin, _EACH_MS)
    return {"picture": "forecast.png", "growth": "growth.png", "film": "forecast.webp"}


def _future(run: Run, coming: Futures, which: int, days: list[float], base: Slice) -> list[Float]:
    """One future's visible tumour in the picture's slice."""
    kills = run.kills[which] if run.kills is not None else ()
    found = []
    for state in run.start.run(coming.draws[which], days, kills):
        seen = base.sample(on_labels(run.start.seen(state), run.site, run.scene.labels.grid))
        found.append(np.maximum(seen, base.lesion) if run.treatment is None else seen)
    return found


def _origin(told: dict[str, Any]) -> Origin:
    digest = hashlib.sha256(json.dumps([told["model"], told["parameters"]], sort_keys=True).encode()).hexdigest()
    return Origin("growth model reaction-diffusion 1", digest, "forecast")


def _rounded(values: Float) -> list[float]:
    return [round(float(v), 3) for v in values]


def _signif(value: float) -> float:
    return float(f"{value:.4g}")
