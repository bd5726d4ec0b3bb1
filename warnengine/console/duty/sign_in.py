"""Coming in and going out."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response

from warnengine.console.duty.forms import form
from warnengine.console.duty.gate import SHIFT
from warnengine.console.duty.room import HERE, Room, address, to
from warnengine.model.errors import Refused

log = structlog.get_logger()
MEDIA = {"duty.css": "text/css", "duty.js": "text/javascript"}


def add(router: APIRouter, room: Room) -> None:
    """Sign-in, sign-out, style and script."""

    @router.get("/sign-in")
    async def door(request: Request, back: str = "/duty") -> Response:
        """Ask for the token."""
        return room.drawn("sign-in.html", request, None, back=_ours(back), problem="")

    @router.post("/sign-in")
    async def come_in(request: Request) -> Response:
        """Open a session for a shift."""
        fields = await form(request)
        back = _ours(fields.one("back"))
        try:
            seat = room.gate.by_token(fields.one("token"), address(request))
        except Refused as error:
            log.warning("sign-in refused", where=address(request))
            return room.drawn("sign-in.html", request, None, error.status, back=back, problem=str(error))
        answer = to(back)
        answer.set_cookie(
            room.gate.cookie_name,
            room.gate.cookie(seat),
            max_age=SHIFT,
            path="/duty",
            secure=room.gate.secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    @router.post("/sign-out")
    async def go(request: Request) -> Response:
        """End the session of this browser."""
        answer = to("/duty/sign-in")
        answer.delete_cookie(room.gate.cookie_name, path="/duty")
        return answer

    @router.get("/{name}.{kind}")
    async def drawn(name: str, kind: str) -> Response:
        """How the pages look, and what moves in them."""
        file = f"{name}.{kind}"
        if file not in MEDIA:
            raise Refused(404, "没有这个页面:请从值班室首页重新进入。")
        kept = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}
        return Response((HERE / file).read_bytes(), media_type=MEDIA[file], headers=kept)


def _ours(back: str) -> str:
    """Only a page of ours."""
    inside = back == "/duty" or back.startswith("/duty/")
    return back if inside and "\\" not in back and "//" not in back else "/duty"
