"""The official's link: shows the order, takes the answer. Works without JavaScript; only a POST acknowledges, for
link previews and scanners GET."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from warnengine.model.clock import BEIJING
from warnengine.model.mode import BANNERS, NAMES

HERE = Path(__file__).parent
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
STEPS = {1: "已收到", 2: "已开展", 3: "已完成"}
FORM_LARGEST = 4_000


class AnswerStore(Protocol):
    """What the page needs of the store."""

    async def page(self, code: bytes) -> dict[str, Any] | None:
        """What a link shows."""

    async def answered_on_page(self, code: bytes, step: int, number: int | None) -> str | None:
        """Record an answer; None where there is no such link, else what is unclear about it or ''."""

    async def register_push(self, code: bytes, subscription: str) -> bool:
        """Remember a phone."""


class Push(Protocol):
    """What the page needs of Web Push."""

    @property
    def application_server_key(self) -> str:
        """Our public key, for the browser."""

    def address(self, subscription: str) -> str:
        """A browser's subscription as it is kept; ValueError says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Official:
    """What the page says about the house."""

    signature: str
    duty_phone: str
    push: Push | None
    """Where Web Push is set up."""
    shown: Callable[[str, int, str, Sequence[str]], str]
    """Fills a text's slots as its first attempt does: text, bundle, name, posts."""
    kind: str = "live"
    """Of the installation."""
    notice: Callable[[], str] = str
    """What is to be said right now beside that; mostly nothing."""

    @property
    def banner(self) -> str:
        """What heads every page that is not for real; empty where it is."""
        return "。".join(words for words in (self.notice(), BANNERS.get(self.kind, "")) if words)

    @property
    def mode(self) -> str:
        """The kind in Chinese."""
        return NAMES[self.kind]


def build(store: AnswerStore, house: Official) -> APIRouter:
    """The routes of the official's link."""
    router = APIRouter(include_in_schema=False)
    _page(router, store, house)
    _phones(router, store, house.push)
    return router


def _page(router: APIRouter, store: AnswerStore, house: Official) -> None:
    template, unknown = (_environment().get_template(name) for name in ("official.html", "unknown.html"))

    @router.api_route("/a/{code}", methods=["GET", "HEAD"])
    async def show(code: str, said: str = "") -> Response:
        """Show; never acknowledge."""
        page = await store.page(_hash(code))
        if page is None:
            return HTMLResponse(unknown.render(house=house), 404, HEADERS)
        return HTMLResponse(
            template.render(page=_facts(page, house), house=house, code=code, said=said[:80]), 200, HEADERS
        )

    @router.post("/a/{code}")
    async def answer(code: str, request: Request) -> Response:
        """Take 收到, 已开展 or 已完成 with a number."""
        step, number = _form(await _small_body(request) or b"")
        if step is None:
            return await show(code)
        problem = await store.answered_on_page(_hash(code), step, number)
        if problem is None:
            return HTMLResponse(unknown.render(house=house), 404, HEADERS)
        return RedirectResponse(f"/a/{code}?said={'problem' if problem else 'ok'}", 303, HEADERS)


def _phones(router: APIRouter, store: AnswerStore, push: Push | None) -> None:
    @router.post("/a/{code}/push")
    async def register(code: str, request: Request) -> Response:
        """Remember this phone for Web Push, if pushes can be sent to it."""
        if push is None:
            return _sentence(404, "本系统没有开通手机推送。")
        body = await _small_body(request)
        if body is None:
            return _sentence(413, f"推送登记不能超过{FORM_LARGEST}字节。")
        try:
            address = push.address(body.decode())
        except ValueError as error:
            return _sentence(400, f"推送登记无法使用:{error}")
        return Response(status_code=201 if await store.register_push(_hash(code), address) else 404)

    @router.get("/official.js")
    async def script() -> Response:
        """Registers the phone, where the official asks for it."""
        return Response((HERE / "official.js").read_bytes(), media_type="text/javascript")

    @router.get("/push-worker.js")
    async def worker() -> Response:
        """Shows what is pushed."""
        return Response((HERE / "push-worker.js").read_bytes(), media_type="text/javascript")


def _sentence(status: int, words: str) -> Response:
    return PlainTextResponse(words, status, HEADERS)


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _facts(page: Mapping[str, Any], house: Official) -> dict[str, Any]:
    step = int(page["step"])
    short = house.shown(page["short"], page["bundle"], page["about"], page["posts"])
    return {
        **page,
        "made": _clock(page["made_at"]),
        "until": _clock(page["not_after"]),
        "answered": STEPS.get(step, ""),
        "lines": _lines(short),
        "originals": page["originals"] or [],
    }


def _lines(short: str) -> list[str]:
    """The text without the number to call, which the page shows as a link."""
    return [line for line in short.splitlines() if not line.startswith("核实")]


def _clock(iso: str) -> str:
    return datetime.fromisoformat(iso).astimezone(BEIJING).strftime("%m月%d日 %H:%M")


def _form(body: bytes) -> tuple[int | None, int | None]:
    fields = parse_qs(body.decode("utf-8", "replace"))
    step = fields.get("step", [""])[0]
    number = fields.get("count", [""])[0].strip()
    return (int(step) if step in {"1", "2", "3"} else None), (
        int(number) if re.fullmatch(r"\d{1,6}", number) else None
    )


async def _small_body(request: Request) -> bytes | None:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_LARGEST:
            return None
    return bytes(body)
