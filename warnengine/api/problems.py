"""Errors as RFC 9457 problem details: what, where, what to do next."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from warnengine.api.faults import sentences
from warnengine.model.errors import NoRoom, Refused
from warnengine.store.database import DATABASE_ERRORS, told

log = structlog.get_logger()
TITLES = {403: "Not by you", 404: "No such thing", 409: "Not as things stand", 422: "Not in this form"}


class Problem(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail


def install(app: FastAPI) -> None:
    """Answer every error of an application as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(NoRoom, _no_room)
    for kind in DATABASE_ERRORS:
        app.add_exception_handler(kind, _no_database)


def answer(status: int, title: str, detail: str, **headers: str) -> JSONResponse:
    """One problem."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return answer(error.status, error.title, error.detail)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return answer(error.status, TITLES.get(error.status, "Not done"), str(error))


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return answer(422, "The request is not understood", sentences(error.errors()))


async def _no_database(request: Request, error: Exception) -> JSONResponse:
    route = getattr(request.scope.get("route"), "path", "")  # as declared: the real one may hold a link's code
    log.warning("store", route=route, problem=told(error))
    retry = {"Retry-After": "2"}
    return answer(503, "The store does not answer", "Nothing was kept: send it again in a few seconds.", **retry)


async def _no_room(_: Request, error: Exception) -> JSONResponse:
    detail = f"Nothing was kept: {error}. Send it again in a minute."
    return answer(503, "The disk is nearly full", detail, **{"Retry-After": "60"})
