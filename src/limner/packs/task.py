"""What a pack is asked for."""

from typing import Literal

Task = Literal["segment", "classify", "detect", "generate", "superresolve"]
