"""Every error that Limner raises on purpose: one tree.

A message says what was expected, what came, where, and what to do next. The command line prints it without a
stack trace and leaves with ``exit_code``: 2 where the user's input must change, 1 where the fault is ours.
"""

from __future__ import annotations


class LimnerError(Exception):
    """The root: a failure that Limner understands."""

    exit_code = 1


class InputError(LimnerError):
    """What the user gave cannot be used; nothing was written."""

    exit_code = 2


class NotAnImageError(InputError):
    """A file is damaged, truncated, or not of a kind that Limner reads."""


class GeometryError(InputError):
    """A series has no single, regular position in space."""


class SeriesChoiceError(InputError):
    """A folder holds no series that can be drawn, or several patients."""


class OutputExistsError(InputError):
    """The output is already there, and ``--force`` was not given."""


class OutputError(InputError):
    """The output cannot be written: the disk is full, or the place is forbidden. Nothing half-made is left."""


class PackError(InputError):
    """A model pack is missing, damaged, or not made for this input."""


class RecipeError(InputError):
    """A recipe does not fit its schema, or its parts do not go together."""


class CohortError(InputError):
    """A cohort file cannot be used: a column, a path, or a patient in two splits."""


class NothingFoundError(InputError):
    """A pack found nothing that could be explained, or drawn at all."""


class MissingExtraError(InputError):
    """An optional part of Limner is needed and not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed. "
            f"Install it with `pip install 'limner[{extra}]'`."
        )


class EngineError(LimnerError):
    """An inference engine could not load or run a model."""


class VerificationError(LimnerError):
    """An export, read back, does not lie where the label map lies. The run may not say done."""


class TrainingError(LimnerError):
    """A training run cannot go on; the last good state is kept."""
