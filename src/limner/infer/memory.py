"""What inference may hold at most: windows that fit, and where no limit would hold."""

from __future__ import annotations

import numpy as np

from limner.errors import PackError
from limner.packs import InputSpec, Pack

Triple = tuple[int, int, int]


def choose_window(pack: Pack, spec: InputSpec, shape: tuple[int, ...], max_memory_gb: float | None) -> Triple:
    """The window: the net's, made smaller until its predicted peak fits the memory.

    Raises:
        PackError: even the smallest does not fit.
    """
    window = tuple(min(int(w), -(-n // d) * d) for w, n, d in zip(spec.patch, shape, spec.divisible, strict=True))
    while max_memory_gb is not None and engine_gb(pack, window) > max_memory_gb:
        axis = int(np.argmax(np.array(window) / np.array(spec.divisible)))
        smaller = list(window)
        smaller[axis] -= spec.divisible[axis]
        if smaller[axis] < 2 * spec.divisible[axis]:
            raise PackError(
                f"--max-memory {max_memory_gb} GB is too little: the smallest window of pack {pack.name!r} needs "
                f"{engine_gb(pack, window):.2f} GB."
            )
        window = tuple(smaller)
    return window[0], window[1], window[2]


def engine_gb(pack: Pack, window: tuple[int, ...]) -> float:
    """Predicted peak of the engine for a window."""
    memory = pack.spec.memory
    return (memory.fixed_mb * 1e6 + memory.bytes_per_voxel * float(np.prod(window))) / 1e9


def refuse_limit(name: str, max_memory_gb: float | None) -> None:
    """Refuses a limit for a pack on pictures, small volumes or slices, of this name; None is no limit.

    Raises:
        PackError: there is one, and it would be ignored.
    """
    if max_memory_gb is not None:
        raise PackError(
            f"--max-memory makes the windows of a scan smaller, and pack {name!r} asks its net about one whole picture "
            "or slice at a time, whose size is fixed: the limit would not hold. Leave it out."
        )
