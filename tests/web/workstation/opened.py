"""A page of the workstation in a real browser: what tests ask of it, and what it complained of meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

PATIENCE_MS = 60_000
NAMES = "const {scene, bench, turn, growing} = document.querySelector('canvas')?.limner ?? {};"
"""What pages with a scene leave at their canvas stands by its name."""


@dataclass
class Opened:
    """A page, all that it complained of or asked of other machines, and what it asked of the server."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Keeps what the page says, and every request."""
        note = self.complaints.append
        self.page.on("console", lambda one: note(one.text) if one.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: note(str(error)))
        self.page.on("request", lambda request: self._note(request.url, request.method))

    def _note(self, url: str, method: str) -> None:
        if not url.startswith((self.url, "blob:", "data:")):
            self.complaints.append(url)
        self.asked.append(f"{method} {url.removeprefix(self.url)}")

    def go(self, address: str) -> None:
        """Opens an address and waits until its first picture stands."""
        self.page.goto(f"{self.url}{address}")
        self.page.wait_for_selector("body[data-ready=true]")
        self.settle()

    def ask(self, expression: str, argument: Any = None) -> Any:
        """Of the page's own state: an expression, or a function of the argument."""
        call = f"const told = ({expression}); return typeof told === 'function' ? told(argument) : told;"
        return self.page.evaluate(f"argument => {{ {NAMES} {call} }}", argument)

    def settle(self) -> None:
        """Waits until every frame that was asked for is drawn."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def wait(self, expression: str) -> None:
        """Until something holds in the page. As a function: the page's policy forbids that text becomes code."""
        self.page.wait_for_function(f"() => {{ {NAMES} return {expression} }}")
        self.settle()

    def press(self, key: str) -> None:
        """A key of the keyboard, and the frames that follow it."""
        self.page.keyboard.press(key)
        self.settle()

    # Of a scene.

    def place(self, expression: str) -> tuple[float, float]:
        """Where a point of the scene lies in the window, CSS pixels."""
        at = self.ask(f"scene.project({expression})")
        box = self.page.locator("canvas").first.bounding_box()
        assert box is not None
        return box["x"] + at["x"], box["y"] + at["y"]

    # Of the panes of the Read page, each named by its plane.

    def whole(self) -> None:
        """Until all slices, the drawing and its labels are here."""
        self.wait("limnerRead.desk.reading.view.volume.value?.whole")
        self.wait("!limnerRead.desk.main.drawing.value || limnerRead.desk.reading.view.labels.value")

    def pixel_of(self, plane: str, world: Sequence[float]) -> tuple[float, float]:
        """Where a point of the world is drawn, pixels from the pane's left and top."""
        x, y = self.ask(
            "([plane, world]) => { const v = limnerRead.panes.find(one => one.plane === plane).viewport();"
            " return v.pixel(v.grid.grid(world)); }",
            [plane, list(world)],
        )
        return x, y

    def screen_of(self, plane: str, world: Sequence[float]) -> tuple[float, float]:
        """The same in the window, for the mouse."""
        box = self.page.locator(f".rd-pane[data-plane={plane}] canvas").bounding_box()
        x, y = self.pixel_of(plane, world)
        return box["x"] + x, box["y"] + y

    def colors(self, plane: str, worlds: Sequence[Sequence[float]]) -> list[list[int]]:
        """What is painted at points of the world, (red, green, blue) each."""
        at = [self.pixel_of(plane, one) for one in worlds]
        return self.ask(
            "([plane, at]) => { const { canvas } = limnerRead.panes.find(one => one.plane === plane);"
            " const copy = new OffscreenCanvas(canvas.width, canvas.height);"
            " const context = copy.getContext('2d', { willReadFrequently: true }); context.drawImage(canvas, 0, 0);"
            " const s = canvas.width / canvas.clientWidth;"
            " return at.map(([x, y]) => [...context.getImageData(Math.round(x * s), Math.round(y * s), 1, 1).data]"
            ".slice(0, 3)); }",
            [plane, at],
        )

    def picture(self, plane: str) -> bytes:
        """The pane as it is seen."""
        self.settle()
        return self.page.locator(f".rd-pane[data-plane={plane}]").screenshot()

    def cross(self) -> list[float]:
        """Where the cross-hair stands in the world, mm."""
        return self.ask(
            "(() => { const v = limnerRead.desk.reading.view; return v.volume.value.grid.world(v.cross.value); })()"
        )
