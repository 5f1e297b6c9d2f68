"""The command line, as a user meets it, without a new process for every case."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from limner.cli import main
from limner.draw import ThresholdPredictor, workflow


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code and what it printed."""

    code: int
    out: str
    err: str


Limner = Callable[..., Ended]


@pytest.fixture
def limner(capsys: pytest.CaptureFixture[str]) -> Iterator[Limner]:
    """Runs a command: ``limner("draw", folder, "-o", out)``."""
    sigterm = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object) -> Ended:
        with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        printed = capsys.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    yield run
    signal.signal(signal.SIGTERM, sigterm)


@pytest.fixture
def without_model(monkeypatch: pytest.MonkeyPatch, thresholds: ThresholdPredictor) -> None:
    """The pack of every draw is the fake one."""
    monkeypatch.setattr(workflow, "PackPredictor", lambda name, engine, max_memory_gb: thresholds)
