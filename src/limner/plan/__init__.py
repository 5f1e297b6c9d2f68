"""The verb that proposes: from a drawing to needle paths and resections that are argued, in one folder.

It reads a drawing, asks ``scene`` and tells by ``report`` and ``io``; geometry is computed there, not here.
What a name needs is loaded when the name is used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from limner.plan.options import PlanOptions
    from limner.plan.settings import PlanSettings, read_settings, write_settings
    from limner.plan.workflow import STEPS, plan

_HOME = {
    "PlanOptions": "limner.plan.options",
    "PlanSettings": "limner.plan.settings",
    "STEPS": "limner.plan.workflow",
    "plan": "limner.plan.workflow",
    "read_settings": "limner.plan.settings",
    "write_settings": "limner.plan.settings",
}

__all__ = ["STEPS", "PlanOptions", "PlanSettings", "plan", "read_settings", "write_settings"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
