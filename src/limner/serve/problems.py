"""What a client is told when something cannot be done: problem details (RFC 9457), and no stack trace."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from limner.errors import InputError, LimnerError
from limner.serve.desk import DeskError
from limner.serve.refusals import BusyError

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "This cannot be used",
    401: "Please log in",
    403: "Your role does not allow this",
    404: "Not found",
    405: "Not allowed here",
    406: "Not to be had in that form",
    409: "Somebody was there first",
    413: "Too large",
    415: "Not a form that is read here",
    422: "This cannot be used",
    423: "Locked",
    429: "Too many requests",
    500: "A fault of ours",
    503: "Busy",
    504: "This took too long",
    507: "The disk is full",
}

log = logging.getLogger("limner.serve")


class Problem(BaseModel):
    """A refusal: ``detail`` says what was expected, what came, and what to do."""

    title: str
    detail: str
    status: int


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A refusal as an answer."""
    told = Problem(title=TITLES.get(status, "Refused"), detail=detail, status=status)
    return JSONResponse(told.model_dump(), status, headers, MEDIA_TYPE)


def add_problems(app: FastAPI) -> None:
    """Every error leaves the server as a problem; what we did not foresee is logged, and told without its text."""

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        del request
        return problem(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        del request
        # the input itself is not repeated: it may name a patient
        said = "; ".join(f"{'.'.join(str(one) for one in each['loc'])}: {each['msg']}" for each in error.errors())
        return problem(422, said)

    @app.exception_handler(LimnerError)
    def _limner(request: Request, error: LimnerError) -> JSONResponse:
        if isinstance(error, InputError):
            return problem(400, str(error))
        if isinstance(error, DeskError):
            return problem(error.status, str(error), {"Retry-After": "1"})
        if isinstance(error, BusyError):
            return problem(503, str(error), {"Retry-After": str(error.retry_s)})
        log.error("%s failed", _route(request), exc_info=error)
        return problem(500, str(error))

    @app.exception_handler(DataError)
    def _data(request: Request, error: DataError) -> JSONResponse:
        del request, error  # its text holds what was sent
        return problem(400, "Something in the request cannot be looked up: a null character, or a number out of range.")

    @app.exception_handler(Exception)
    def _other(request: Request, error: Exception) -> JSONResponse:
        log.error("%s failed", _route(request), exc_info=error)
        return problem(500, "Something went wrong on the server; its log has the details. Nothing was changed.")


def _route(request: Request) -> str:
    """The route's pattern, never the address: that may hold what a person typed."""
    route = request.scope.get("route")
    return f"{request.method} {getattr(route, 'path', 'an unknown path')}"
