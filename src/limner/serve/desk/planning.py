"""One drawing and one target, being planned: the work runs beside the desk's answers, and is asked how far it is.

A needle that a person drags must not wait for somebody else's liver to be segmented. So the search runs in a thread of
the desk's process, and what stands already (the planner, then paths, then resections) is answered from.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from limner.errors import InputError, LimnerError
from limner.plan import PlanSettings
from limner.plan.case import PlanCase
from limner.plan.liver import Liver, gather_liver
from limner.scene.needles import Cover, Found, Planner
from limner.scene.parts import Part
from limner.scene.resection import Case, Proposal, propose
from limner.scene.roles import same

T = TypeVar("T")
log = logging.getLogger("limner.serve.desk")
STEPS = ("needles", "liver", "resection", "done")
PATIENCE_S = 25.0
"""A question about what is still being made waits so long at most."""


@dataclass(eq=False)
class Planning:
    """What is known so far; made by :meth:`start`.

    Args:
        case: the drawing.
        target: the lesion.
        settings: the site's rules.
        step: one of :data:`STEPS` that is being worked on.
        error: what ended the work before a needle could be judged; None while it goes on, or went well.
    """

    case: PlanCase
    target: Part
    settings: PlanSettings
    step: str = STEPS[0]
    error: Exception | None = None
    planner: Planner | None = None
    cover: Cover | None = None
    found: Found | None = None
    liver: Liver | None = None
    proposal: Proposal | None = None
    no_resection: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    @classmethod
    def start(cls, case: PlanCase, target: Part, settings: PlanSettings) -> Planning:
        """Begins the work in a thread of its own."""
        _ = case.anatomy.skin  # made once, before two targets of a drawing ask for it
        made = cls(case, target, settings)
        threading.Thread(target=made.run, daemon=True, name="planning").start()
        return made

    def run(self) -> None:
        """Does all of it, step by step."""
        try:
            self._search()
        except Exception as error:  # told to whoever asks next
            self._set(error=error, step="done")
            return
        try:
            self._resect()
        except Exception as error:
            log.exception("no resection was planned")
            told = str(error) if isinstance(error, LimnerError) else "It failed; the server's log says why."
            self._set(no_resection=f"No resection could be planned. {told}")
        self._set(step="done")

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self.step == "done"

    def need(self, get: Callable[[Planning], T | None], what: str) -> T:
        """What a question needs, waited for while it is being made.

        Args:
            get: takes it from this.
            what: it is called.

        Raises:
            InputError: there is none.
            LimnerError: what ended the work before it.
        """
        with self.changed:
            self.changed.wait_for(lambda: get(self) is not None or self.done, PATIENCE_S)
            made = get(self)
        if made is not None:
            return made
        self.check()
        raise InputError(f"There is no {what} for {self.target.id}. {self.no_resection or ''}")

    def check(self) -> None:
        """Raises what ended the work."""
        if self.error is not None:
            raise self.error

    def _search(self) -> None:
        settings = self.settings
        planner = self._timed("planner", lambda: Planner.of(self.case.anatomy, self.target.id, settings.needle))
        _ = planner.scene.skin_tree, planner.scene.depth, planner.scene.table_mm  # made once, before two threads ask
        self._set(planner=planner)
        found = self._timed("search", planner.search)
        self._set(found=found, cover=Cover.of(planner, settings.ablation), step="liver")

    def _resect(self) -> None:
        case, target, settings = self.case, self.target, self.settings
        organ = case.anatomy.organ_of(target)
        if organ is None or same(organ.name) != "liver":
            self._set(no_resection=f"{target.id} lies in no liver: resections are planned of livers alone.")
            return
        lesions = [target] if settings.scene.resect == "target" else list(case.anatomy.lesions)
        liver = self._timed("liver", lambda: gather_liver(case, lesions, settings.resection))
        if liver is None or liver.case is None:
            said = " ".join(one.text for one in liver.problems) if liver else "A lesion lies in no liver."
            self._set(no_resection=said)
            return
        self._set(liver=liver, step="resection")
        made: Case = liver.case
        self._set(proposal=self._timed("resection", lambda: propose(made)))

    def _timed(self, step: str, work: Callable[[], T]) -> T:
        start = time.perf_counter()
        made = work()
        self.seconds[step] = round(time.perf_counter() - start, 3)
        return made

    def _set(self, **values: object) -> None:
        with self.changed:
            for name, value in values.items():
                setattr(self, name, value)
            self.changed.notify_all()
