"""``plan.yaml``: every threshold of a plan by name, read, checked, and written with its reason beside it."""

from __future__ import annotations

import difflib
import json
import textwrap
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from limner.errors import InputError
from limner.scene.needles import AblationRules, NeedleRules
from limner.scene.resection import ResectionRules

_WIDTH = 116


class SceneRules(BaseModel):
    """How the drawing is read before anything is planned."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    border_sd_mm: float = Field(
        1.0,
        ge=0,
        le=20,
        description="Standard deviation of a border whose structure has no volume interval in the drawing, mm. About "
        "a pixel; an assumption.",
    )
    gas_hu: float = Field(
        -300.0,
        le=0,
        description="Where the scan itself is given: what is thinner than this inside the body and not lung is gas, "
        "and gas is bowel, HU. Fat ends at about -150.",
    )
    gas_wall_mm: float = Field(
        4.0, ge=0, description="Wall and content of bowel around the gas that is seen, mm. An assumption."
    )
    resect: Literal["target", "all"] = Field(
        "target", description="Which lesions a resection takes out: the target, or every lesion of the liver."
    )
    smallest_gas_ml: float = Field(0.2, ge=0, description="Smaller pockets are not taken for bowel, ml.")


class PlanSettings(BaseModel):
    """All settings of a plan, a section each.

    >>> PlanSettings().needle.vessel_diameter_mm
    3.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    scene: SceneRules = SceneRules()
    needle: NeedleRules = NeedleRules()
    ablation: AblationRules = AblationRules()
    resection: ResectionRules = ResectionRules()


def read_settings(path: Path | str | None) -> PlanSettings:
    """Reads ``plan.yaml``; what it leaves out keeps its default.

    Args:
        path: the file; None for the defaults.

    Raises:
        InputError: no YAML, or settings that are unknown or out of range: all of them at once, each with the nearest
            name that is known.
    """
    if path is None:
        return PlanSettings()
    path = Path(path)
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"There is no settings file {str(path)!r}. A plan writes one, plan.yaml, to start from."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path.name!r} cannot be read as YAML: {' '.join(str(error).split())}") from error
    if given is not None and not isinstance(given, dict):
        raise InputError(f"{path.name!r} holds {type(given).__name__}; sections are expected: {_sections()}.")
    return check_settings(given or {}, repr(path.name))


def check_settings(given: dict[str, Any], what: str) -> PlanSettings:
    """Settings as plain values; what they leave out keeps its default.

    Args:
        given: sections with settings.
        what: they are called in a refusal.

    Raises:
        InputError: settings that are unknown or out of range: all of them at once.
    """
    try:
        return PlanSettings.model_validate(given)
    except ValidationError as error:
        told = "; ".join(_problem(one) for one in error.errors(include_url=False))
        raise InputError(f"{what} cannot be used: {told}.") from error


def write_settings(settings: PlanSettings, path: Path) -> None:
    """Writes all settings, each with what it means and where it comes from as a comment above it."""
    lines = [
        "# Every threshold of a plan. Edit it and give it back: limner plan DRAWING --settings plan.yaml -o PLAN",
        "# What is left out keeps its default. Not for clinical use.",
    ]
    for name in type(settings).model_fields:
        lines += ["", f"{name}:", *_section(getattr(settings, name), "  ")]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _section(model: BaseModel, indent: str) -> list[str]:
    lines: list[str] = []
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if field.description:
            lines += textwrap.wrap(
                field.description, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
            )
        if isinstance(value, BaseModel):
            lines += [f"{indent}{name}:", *_section(value, indent + "  ")]
        else:
            plain = list(value) if isinstance(value, tuple) else value
            lines.append(f"{indent}{name}: {json.dumps(plain)}")  # every JSON value is a YAML value
    return lines


def _sections() -> str:
    return ", ".join(PlanSettings.model_fields)


def _problem(error: Any) -> str:
    where = [str(one) for one in error["loc"]]
    if error["type"] != "extra_forbidden":
        return f"{'.'.join(where)} = {error['input']!r}: {error['msg'].lower()}"
    known = _known(where[:-1])
    near = difflib.get_close_matches(where[-1], known, n=1, cutoff=0.0)
    return f"{'.'.join(where)} is no setting; did you mean {near[0]!r}?" if near else f"{'.'.join(where)} is no setting"


def _known(path: list[str]) -> list[str]:
    model: type[BaseModel] = PlanSettings
    for one in path:
        inner = model.model_fields[one].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)
