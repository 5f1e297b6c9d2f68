"""Settings from a file and from the command line, which has the last word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from limner.errors import InputError
from limner.serve.settings import ServeSettings


def read_settings(file: Path | None = None, **given: Any) -> ServeSettings:
    """The settings of a YAML file, overruled by those of ``given`` that are not None.

    Raises:
        InputError: the file cannot be read, or a field is unknown or out of its range; all of them are named.
    """
    told: dict[str, Any] = {}
    if file is not None:
        try:
            told = yaml.safe_load(file.read_text()) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise InputError(f"The settings {file} cannot be read as YAML: {error}.") from None
        if not isinstance(told, dict):
            raise InputError(f"The settings {file} must be fields of ServeSettings, such as `port: 8600`.")
    told |= {name: value for name, value in given.items() if value is not None}
    try:
        return ServeSettings.model_validate(told)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(str(one) for one in each['loc'])}: {each['msg']}" for each in error.errors())
        fields = ", ".join(ServeSettings.model_fields)
        raise InputError(f"The server cannot be set up like that: {wrong}. Its fields are {fields}.") from None
