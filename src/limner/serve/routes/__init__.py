"""The HTTP routes, a file a subject. ``ROUTERS`` is the whole list: dotted path of a module that has ``router``."""

from __future__ import annotations

ROUTERS = (
    "limner.serve.routes.session",
    "limner.serve.routes.series",
    "limner.serve.routes.structures",
    # one a line, by subject
)
