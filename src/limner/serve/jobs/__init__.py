"""Work that takes longer than a request: queued, run in a process of its own, told, and never lost.

The row of a job is the truth; the queue only carries its id. ``states`` holds every change of a row, ``queue`` brings
ids to workers, ``worker`` takes them, ``run`` is one job, ``finish`` makes its folder a result, ``feed`` tells.
"""

from __future__ import annotations
