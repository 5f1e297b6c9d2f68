"""The verb that proposes: from a drawing to needle paths and resections that are argued, in one folder.

It reads a drawing, asks ``scene`` and tells by ``report`` and ``io``; geometry is computed there, not here.
"""

from limner.plan.options import PlanOptions
from limner.plan.settings import PlanSettings, read_settings, write_settings
from limner.plan.workflow import STEPS, plan

__all__ = ["STEPS", "PlanOptions", "PlanSettings", "plan", "read_settings", "write_settings"]
