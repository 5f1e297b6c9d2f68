"""The application: routes, refusals and the front end, put together."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from limner import __version__
from limner.serve import audit, pages
from limner.serve.house import House
from limner.serve.problems import Problem, add_problems
from limner.serve.routes import ROUTERS
from limner.serve.safety.access import Need
from limner.serve.safety.guard import guarded
from limner.serve.settings import ServeSettings
from limner.serve.store.removal import Sweeper, sweep

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {
        400: "The input cannot be used.",
        401: "Nobody is logged in.",
        403: "The role, the scope or the CSRF header does not allow it.",
        404: "There is no such object, or it is not shown to you.",
        409: "What was asked does not go together with how things stand.",
        413: "The request is larger than is taken here.",
        422: "The request does not fit its schema.",
        429: "Too many requests.",
        503: "Too many ask at once, or a part of the server is starting anew.",
        504: "This took too long and was given up.",
    }.items()
}


def create_app(settings: ServeSettings | None = None, house: House | None = None) -> FastAPI:
    """The server as an ASGI application.

    Args:
        settings: how to serve; the defaults when None.
        house: an opened one, in place of opening it from the settings.

    Raises:
        InputError: the data folder or the database cannot be used.
    """
    house = house or House.open(settings or ServeSettings())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        sweep(house)
        keepers = (audit.AnchorKeeper(house.database, house.settings.data), Sweeper(house))
        yield
        for one in keepers:
            one.stop()
        house.close()

    app = Guarded(
        title="Limner",
        version=__version__,
        summary="The workstation's interface. Not for clinical use.",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
        responses=REFUSALS,
    )
    app.state.house = house
    house.provider  # noqa: B018 - what is missing for it is told at the start, not at the first login
    add_problems(app)
    for path in ROUTERS:
        app.include_router(importlib.import_module(path).router)
    app.include_router(pages.router)  # the last: it takes every address that is left
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]
    return app


class Guarded(FastAPI):
    """FastAPI with the guard outermost, so that answers to faults pass it too."""

    def build_middleware_stack(self) -> ASGIApp:
        """The stack that Starlette builds, behind the guard."""
        return guarded(super().build_middleware_stack(), self.state.house)


def openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document; each operation says as ``x-role`` and ``x-scope`` what it asks of its actor."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        for route in routes():
            need = _need(route.dependant)
            for method in route.methods or ():
                if route.include_in_schema:
                    operation = document["paths"][route.path_format][method.lower()]
                    operation["x-role"] = need.role if need else None
                    operation["x-scope"] = need.scope if need else None
                    operation["x-login"] = need is not None and need.login
        app.openapi_schema = document
    return app.openapi_schema


def routes() -> list[APIRoute]:
    """All routes of all routers."""
    routers = [importlib.import_module(path).router for path in ROUTERS]
    return [one for router in routers for one in router.routes if isinstance(one, APIRoute)]


def _need(dependant: Dependant) -> Need | None:
    """What a route asks of its actor, wherever among its dependencies that stands."""
    if isinstance(dependant.call, Need):
        return dependant.call
    return next((found for one in dependant.dependencies if (found := _need(one)) is not None), None)
