"""Every answer says by a header which kind of installation it comes from."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Warnengine-Mode"


class SaysMode:
    """Adds live, demo, drill or trial to every HTTP answer, errors included."""

    def __init__(self, app: ASGIApp, mode: str) -> None:
        self.app = app
        self.mode = mode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; mark the answer."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = self.mode
            await send(message)

        await self.app(scope, receive, marked if scope["type"] == "http" else send)
