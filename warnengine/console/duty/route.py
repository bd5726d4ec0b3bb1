"""Every request of the pages: same origin, signed in, and errors as a page that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from warnengine.console.duty.room import NotSeated, Room, to
from warnengine.model.errors import Refused
from warnengine.store.database import DATABASE_ERRORS, told

log = structlog.get_logger()
FOREIGN = "这次提交不是从本系统的页面发出的,没有执行:请重新打开值班室页面再操作。"
NO_STORE = "数据库没有应答,刚才的操作可能没有执行:请过几秒重新打开页面核对。一直不行,先用电话通知,再找系统管理员。"
STRANGE = "没有这个页面或编号:请从值班室首页重新进入。"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def route_class(room: Room) -> type[APIRoute]:
    """Routes of this room."""

    class DutyRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            inner = super().get_route_handler()

            async def handler(request: Request) -> Response:
                return await _careful(room, request, inner)

            return handler

    return DutyRoute


async def _careful(room: Room, request: Request, inner: Handler) -> Response:
    try:
        if request.method == "POST" and not room.gate.same_origin(request.headers):
            return _error(room, request, 403, FOREIGN)
        return await inner(request)
    except NotSeated:
        back = request.url.path if request.method == "GET" else "/duty"
        return to(f"/duty/sign-in?back={quote(back)}")
    except Refused as error:
        return _error(room, request, error.status, str(error))
    except RequestValidationError:
        return _error(room, request, 404, STRANGE)
    except DATABASE_ERRORS as error:
        route = getattr(request.scope.get("route"), "path", "")
        log.warning("store", route=route, problem=told(error))
        return _error(room, request, 503, NO_STORE)


def _error(room: Room, request: Request, status: int, words: str) -> Response:
    seat = room.gate.seated(request.cookies.get(room.gate.cookie_name, ""))
    return room.drawn("error.html", request, seat, status, words=words)
