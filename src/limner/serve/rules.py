"""The site's rules of planning: an admin sets them, every plan of the house is made under them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from limner.plan import PlanSettings
from limner.plan.settings import check_settings
from limner.serve.tables import Setting

NAME = "rules"


def site_rules(db: Session) -> PlanSettings:
    """The rules in force; the defaults where nobody set any."""
    kept = db.get(Setting, NAME)
    return PlanSettings() if kept is None else PlanSettings.model_validate(kept.value)


def set_site_rules(db: Session, given: dict[str, Any]) -> tuple[PlanSettings, dict[str, Any]]:
    """Puts rules in force, in the caller's transaction.

    Args:
        db: a transaction that may write.
        given: sections with settings; what is left out goes back to its default.

    Returns:
        The rules, and by dotted name ``[before, after]`` of each that changed.

    Raises:
        InputError: settings that are unknown or out of range, all of them at once.
    """
    wanted = check_settings(given, "These rules")
    before, after = _flat(site_rules(db).model_dump(mode="json")), _flat(wanted.model_dump(mode="json"))
    kept = db.get(Setting, NAME)
    if kept is None:
        db.add(Setting(name=NAME, value=wanted.model_dump(mode="json")))
    else:
        kept.value = wanted.model_dump(mode="json")
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    return wanted, changed


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found
