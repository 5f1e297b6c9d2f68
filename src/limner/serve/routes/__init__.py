"""The HTTP routes, a file a subject. ``ROUTERS`` is the whole list: dotted path of a module that has ``router``."""

from __future__ import annotations

ROUTERS = (
    "limner.serve.routes.health",
    "limner.serve.routes.session",
    "limner.serve.routes.series",
    "limner.serve.routes.structures",
    "limner.serve.routes.oidc",
    "limner.serve.routes.oneself",
    "limner.serve.routes.invites",
    "limner.serve.routes.users",
    "limner.serve.routes.tokens",
    "limner.serve.routes.studies",
    "limner.serve.routes.measures",
    "limner.serve.routes.uploads",
    "limner.serve.routes.forecasts",
    "limner.serve.routes.explain",
    "limner.serve.routes.generate",
    "limner.serve.routes.plans",
    "limner.serve.routes.rules",
    "limner.serve.routes.pacs",
    "limner.serve.routes.packs",
    "limner.serve.dicomweb.qido",
    "limner.serve.dicomweb.wado",
    "limner.serve.dicomweb.frames",
    "limner.serve.dicomweb.stow",
    "limner.serve.routes.jobs",
    "limner.serve.routes.results",
    "limner.serve.routes.events",
    "limner.serve.routes.audit",
    "limner.serve.routes.corrections",
    "limner.serve.routes.cohort",
    "limner.serve.routes.drafts",
    # one a line, by subject
)
