"""How much memory there is, and what running out of it looks like."""

from __future__ import annotations

import os
from pathlib import Path


def available_gb() -> float:
    """What a new tensor could take on this machine: of the GPU where there is one, else of main memory."""
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.mem_get_info()[0]) / 1e9
    found = [_free_of_machine()]
    for limit, used in _GROUPS:
        if limit.is_file() and used.is_file() and (text := limit.read_text().strip()).isdigit():
            found.append((int(text) - int(used.read_text())) / 1e9)
    return max(0.1, min(found))


_GROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)
"""Limits of a container: files of control groups, version 2 and 1."""


def _free_of_machine() -> float:
    table = Path("/proc/meminfo")
    if table.is_file():
        for line in table.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024 / 1e9
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2e9  # half of all, where nobody says more


def ran_out(error: BaseException) -> bool:
    """Whether an error says that memory ran out; torch says so on a processor by its text alone."""
    import torch

    told = str(error).lower()
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
        isinstance(error, RuntimeError) and ("can't allocate memory" in told or "out of memory" in told)
    )
