"""The desk: one process beside the server that keeps heavy objects at hand and answers in milliseconds.

A click, a moved needle, a slider ask the same drawing again and again. The desk holds what was made for the first
question (an image, a planner, a generator) for those that follow. ``VERBS`` is all that it can be asked.
"""

from __future__ import annotations

from limner.serve.desk.desk import Desk
from limner.serve.desk.refusals import DeskBusyError, DeskError, DeskTimeoutError
from limner.serve.desk.shelf import Shelf

__all__ = ["VERBS", "Desk", "DeskBusyError", "DeskError", "DeskTimeoutError", "Shelf"]

VERBS: dict[str, str] = {
    # name: dotted path of a function (shelf, key, **plain arguments) -> plain answer
    "correct.check": "limner.serve.desk.correcting:check",
    "correct.segment": "limner.serve.desk.correcting:segment",
    "forecast.volumes": "limner.serve.desk.volumes:forecast",
    "generator.directions": "limner.serve.desk.generator:directions",
    "generator.image": "limner.serve.desk.generator:image",
    "plan.state": "limner.serve.desk.planner:state",
    "plan.score": "limner.serve.desk.planner:score",
    "plan.skin": "limner.serve.desk.planner:skin",
    "plan.cut": "limner.serve.desk.planner:cut",
}
