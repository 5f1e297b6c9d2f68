"""The live page of a run: ``live.html``, one file that shows itself again every few seconds, and works offline."""

from __future__ import annotations

import html
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Point = tuple[float, float]

_STYLE = """
:root{color-scheme:light}*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:2rem 1.25rem 3rem;background:#fbfaf7;color:#2b2a27;
font:15px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",sans-serif}
h1{margin:0;font-size:1.3rem;font-weight:600}.state{margin:.15rem 0 1.5rem;color:#6d6a62}
.bar{height:4px;border-radius:2px;background:#e8e4da;overflow:hidden;margin-bottom:1.25rem}
.bar i{display:block;height:100%;background:#3f7d6e}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem 1.5rem;margin:0 0 1.75rem}
dt{color:#6d6a62;font-size:.82rem}dd{margin:0;font-size:1.12rem;font-variant-numeric:tabular-nums}
figure{margin:0 0 1.5rem}figcaption{color:#6d6a62;font-size:.85rem;margin-bottom:.25rem}
svg{display:block;width:100%;height:auto}text{font:8px ui-sans-serif,system-ui,sans-serif;fill:#7a766c}
.grid{stroke:#e8e4da;stroke-width:1}.raw{stroke:#bcd2cb;stroke-width:1}.line{stroke:#3f7d6e;stroke-width:2}
line,polyline{vector-effect:non-scaling-stroke;stroke-linejoin:round}
.mark{fill:#b4552d}.why{padding:.6rem .8rem;background:#f3efe5;border-left:3px solid #b4552d;margin:0 0 1.5rem}
@media(max-width:40rem){text{font-size:16px}}
"""

_BESIDE = {
    "rival": "Loss of the rival, which learns to tell made pictures from real ones",
    "p": "How likely pictures are changed before the rival sees them",
}


@dataclass
class Track:
    """A line of the page; it never holds more than ``most`` points: every other one is dropped when it is full."""

    most: int = 600
    points: list[Point] = field(default_factory=list)
    every: int = 1
    _seen: int = 0

    def add(self, x: float, y: float) -> None:
        """A point; values that are not finite are left out."""
        if self._seen % self.every == 0 and math.isfinite(y):
            self.points.append((x, y))
        self._seen += 1
        if len(self.points) > self.most:
            self.points, self.every = self.points[::2], 2 * self.every


@dataclass
class Live:
    """Gathers what a run says and writes the page now and then.

    Args:
        path: of the page, None for processes that do not write.
        title: of the run.
        note: one sentence under the title, e.g. why this net.
        every: seconds between two writings.
    """

    path: Path | None
    title: str
    note: str = ""
    every: float = 3.0
    loss: Track = field(default_factory=Track)
    smooth: Track = field(default_factory=Track)
    rate: Track = field(default_factory=Track)
    checks: Track = field(default_factory=Track)
    others: dict[str, Track] = field(default_factory=dict)
    step: int = 0
    steps: int = 0
    done: float = 0.0
    seconds: float = 0.0
    skipped: int = 0
    _written: float = -math.inf
    _began: tuple[float, float] | None = None

    def add(self, step: int, loss: float, smooth: float, rate: float, seconds: float, done: float) -> None:
        """A step of training: its loss, the loss over the last ones, the rate, and how far the run is (0–1)."""
        self.step, self.seconds, self.done = step, seconds, min(done, 1.0)
        self.skipped += not math.isfinite(loss)
        self.loss.add(step, loss)
        self.smooth.add(step, smooth)
        self.rate.add(step, rate)
        if self._began is None:
            self._began = (seconds, self.done)
        if time.monotonic() - self._written > self.every:
            self.write("running")

    def beside(self, step: int, told: Mapping[str, float]) -> None:
        """What a rival says of a step, by name."""
        for name, value in told.items():
            self.others.setdefault(name, Track()).add(step, value)

    def check(self, step: int, score: float) -> None:
        """A figure on cases that are not learned from."""
        self.checks.add(step, score)

    def end(self, state: str, why: str = "") -> None:
        """The last page, which no longer shows itself again.

        Args:
            state: ``finished``, ``interrupted`` or ``failed``.
            why: what came and what to do.
        """
        self.write(state, why)

    def write(self, state: str, why: str = "") -> None:
        """Writes the page aside and renames it; a browser never meets half of one."""
        if self.path is None:
            return
        self._written = time.monotonic()
        partial = self.path.with_suffix(".partial")
        partial.write_text(self._page(state, why), encoding="utf-8")
        partial.replace(self.path)

    def _page(self, state: str, why: str) -> str:
        again = f'<meta http-equiv="refresh" content="{max(2, round(self.every) + 1)}">' if state == "running" else ""
        figures = [_chart("Loss: each step, and the mean of the last ones", self.loss.points, self.smooth.points)]
        if self.checks.points:
            caption = "Figure on cases that are not learned from (higher is better; the dot is the best)"
            figures.insert(0, _chart(caption, (), self.checks.points, best=True))
        figures += [_chart(_BESIDE.get(name, name), one.points, ()) for name, one in self.others.items()]
        figures.append(_chart("Learning rate", (), self.rate.points, height=100))
        rows = "".join(f"<div><dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd></div>" for k, v in self._facts(state))
        said = f'<p class="why">{html.escape(why)}</p>' if why else ""
        note = f" · {html.escape(self.note)}" if self.note else ""
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{self.done:.0%} {html.escape(self.title)}</title><style>{_STYLE}</style></head><body>"
            f'<h1>{html.escape(self.title)}</h1><p class="state">{state}{note}</p>'
            f'<div class="bar" role="progressbar" aria-valuenow="{100 * self.done:.0f}" aria-valuemin="0" '
            f'aria-valuemax="100" aria-label="how far the run is"><i style="width:{100 * self.done:.1f}%"></i></div>'
            f"{said}<dl>{rows}</dl>{''.join(figures)}</body></html>\n"
        )

    def _facts(self, state: str) -> list[tuple[str, str]]:
        facts = [("done", f"{self.done:.0%}"), ("step", f"{self.step:,}".replace(",", " "))]
        if self.smooth.points:
            facts.append(("loss", f"{self.smooth.points[-1][1]:.4f}"))
        if self.checks.points:
            best = max(self.checks.points, key=lambda point: point[1])
            facts += [("last check", f"{self.checks.points[-1][1]:.4f}"), ("best", f"{best[1]:.4f} at {best[0]:.0f}")]
        facts.append(("time", _clock(self.seconds)))
        left = self._left()
        if state == "running" and left is not None:
            facts.append(("left", f"about {_clock(left)}"))
        if self.skipped:
            facts.append(("steps left out", str(self.skipped)))
        return facts

    def _left(self) -> float | None:
        """Seconds to the end at the pace since this process began; a resumed run counts from its resume."""
        if self._began is None or self.done <= self._began[1]:
            return None
        return (self.seconds - self._began[0]) / (self.done - self._began[1]) * (1 - self.done)


def _clock(seconds: float) -> str:
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    minutes, hours = (whole // 60) % 60, whole // 3600
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def _chart(caption: str, raw: Sequence[Point], line: Sequence[Point], *, height: int = 150, best: bool = False) -> str:
    """One figure with a light and a dark line, drawn as SVG."""
    every = [*raw, *line]
    if not every:
        return ""
    left, right, top, bottom, width = 64, 6, 9, 20, 600
    xs = (min(x for x, _ in every), max(x for x, _ in every))
    low, high = _range([y for _, y in every])

    def place(point: Point) -> tuple[float, float]:
        x = left + (width - left - right) * (point[0] - xs[0]) / max(xs[1] - xs[0], 1e-9)
        y = top + (height - top - bottom) * (1 - (min(max(point[1], low), high) - low) / (high - low))
        return x, y

    def path(points: Sequence[Point], name: str) -> str:
        if not points:
            return ""
        told = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, points))
        return f'<polyline class="{name}" fill="none" points="{told}"/>'

    marks = ""
    for share in (0.0, 0.5, 1.0):
        value = low + share * (high - low)
        y = place((xs[0], value))[1]
        marks += f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        marks += f'<text x="{left - 6}" y="{y:.1f}" dominant-baseline="central" text-anchor="end">{value:.3g}</text>'
    marks += f'<text x="{left}" y="{height - 4}">step {xs[0]:.0f}</text>'
    marks += f'<text x="{width - right}" y="{height - 4}" text-anchor="end">{xs[1]:.0f}</text>'
    dot = ""
    if best and line:
        x, y = place(max(line, key=lambda point: point[1]))
        dot = f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
    drawn = marks + path(raw, "raw") + path(line, "line") + dot
    return (
        f"<figure><figcaption>{html.escape(caption)}</figcaption>"
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(caption)}">{drawn}</svg></figure>'
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest value; a few outliers at the top are cut off, so that the rest can be seen."""
    ranked = sorted(values)
    low, high = ranked[0], ranked[min(len(ranked) - 1, math.ceil(0.99 * len(ranked)))]
    if high - low < 1e-12:
        pad = max(abs(low) * 0.1, 1e-6)
        return low - pad, high + pad
    return low, high
