"""The kinds of jobs, a file each: ``KINDS`` is the list; ``limner.serve.jobs.context`` shows what a kind looks like."""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from typing import Any, Literal

from limner.errors import InputError
from limner.serve.safety.access import Role

SOON, LATER = 10, 0
"""Priorities: somebody sits and waits; somebody comes back."""


@dataclass(frozen=True)
class Kind:
    """A kind of job.

    Args:
        path: dotted path of its module.
        role: who may ask for it.
        on: what it works on: a study, a drawing, or nothing that is there.
        priority: jobs with a higher one are taken first.
        asked: whether ``POST /api/jobs`` takes it; others have a route of their own.
        owed: it follows from another deed: it is not cancelled, nor refused for other jobs that wait.
    """

    path: str
    role: Role
    on: Literal["study", "drawing", "nothing"]
    priority: int = LATER
    asked: bool = True
    owed: bool = False

    def load(self) -> Any:
        """Its module, with ``Options``, ``STEPS`` and ``run``."""
        return importlib.import_module(self.path)


KINDS = {
    "draw": Kind("limner.serve.jobs.kinds.draw", "reader", "study"),
    "plan": Kind("limner.serve.jobs.kinds.plan", "planner", "drawing"),
    "forecast": Kind("limner.serve.jobs.kinds.forecast", "planner", "drawing"),
    "correct": Kind("limner.serve.jobs.kinds.correct", "planner", "drawing", SOON, asked=False),
    "report": Kind("limner.serve.jobs.kinds.report", "reader", "drawing", SOON, asked=False, owed=True),
    "explain": Kind("limner.serve.jobs.kinds.explain", "reader", "study", SOON),
    "generate": Kind("limner.serve.jobs.kinds.generate", "planner", "nothing"),
    "pacs-send": Kind("limner.serve.jobs.kinds.pacs_send", "reader", "drawing", SOON),
    "pacs-get": Kind("limner.serve.jobs.kinds.pacs_get", "planner", "nothing", SOON),
}


def kind_of(name: str) -> Kind:
    """The kind of that name.

    Raises:
        InputError: there is none; says which there are.
    """
    if name not in KINDS:
        near = difflib.get_close_matches(name, KINDS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"There is no kind of job {name!r}; there are {', '.join(KINDS)}.{hint}")
    return KINDS[name]
