"""What the pages call, and how they are drawn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from warnengine.console.duty.forms import Form
from warnengine.console.duty.gate import ROLES, Gate, Seat
from warnengine.console.duty.words import FILTERS, plain_words
from warnengine.ingest.quarantine import Quarantine
from warnengine.model.book import RuleBook
from warnengine.model.mode import BANNERS, NAMES
from warnengine.order.consulting import Consulting
from warnengine.order.hand import Hand
from warnengine.store.board import BoardStore
from warnengine.store.byhand import ByHandStore
from warnengine.store.controls import HaltStore
from warnengine.store.duty import DutyStore
from warnengine.store.room import RoomStore
from warnengine.store.telephone import TelephoneStore

HERE = Path(__file__).parent
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",  # with none at all, browsers do not tell where a form comes from
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
MODES = {
    "demo": "这里的一切都不是真实指令",
    **BANNERS,
}
"""What heads every page of an installation that is not for real."""


class NotSeated(Exception):
    """Nobody has signed in at this browser."""


@dataclass(frozen=True, slots=True)
class Room:
    """The house, its stores, and what only the engine knows of itself."""

    gate: Gate
    book: RuleBook
    hand: Hand
    drafts: ByHandStore
    telephone: TelephoneStore
    board: BoardStore
    halts: HaltStore
    duty: DutyStore
    store: RoomStore
    consulting: Consulting
    quarantine: Quarantine
    called: Callable[[int, str], Awaitable[None]]
    """What came of a call by hand: its number and the result."""
    ring: Callable[[], None]
    """There is work."""
    condition: Callable[[], Awaitable[dict[str, Any]]]
    """What the engine knows of its own health."""
    examine: Callable[[], Awaitable[list[dict[str, Any]]]]
    """The doctor's findings."""
    roll_call: Callable[[str], Awaitable[int | None]]
    """Begins a roll-call in somebody's name; how many are asked, None where one is open."""
    notice: Callable[[], str]
    """What is to be said right now beside the mode; mostly nothing."""

    @property
    def kind(self) -> str:
        """live, demo, drill or trial."""
        return self.gate.settings.installation

    @property
    def banner(self) -> str:
        """What heads every page that is not for real; empty where it is."""
        return "。".join(words for words in (self.notice(), MODES.get(self.kind, "")) if words)

    def seat(self, request: Request) -> Seat:
        """Who has signed in; NotSeated where nobody has."""
        found = self.gate.seated(request.cookies.get(self.gate.cookie_name, ""))
        if found is None:
            raise NotSeated
        return found

    def actor(self, request: Request, form: Form, seat: Seat) -> Seat:
        """Who says yes: whoever has typed their own token into the form, else who has signed in. Two people at one
        desk need one screen."""
        token = form.one("token")
        return self.gate.by_token(token, address(request)) if token else seat

    async def page(
        self, template: str, request: Request, seat: Seat | None, status: int = 200, **facts: Any
    ) -> Response:
        """One page; every one of them shows the stops in force."""
        stops = await self.halts.halts() if seat else []
        return self.drawn(template, request, seat, status, stops=stops, **facts)

    def drawn(
        self, template: str, request: Request, seat: Seat | None, status: int = 200, **facts: Any
    ) -> Response:
        """The same where the store cannot be asked."""
        common = {"room": self, "seat": seat, "path": request.url.path, "roles": ROLES, "mode": NAMES[self.kind]}
        words = PAGES.get_template(template).render(common | {"stops": []} | facts)
        return HTMLResponse(words, status, HEADERS)


def address(request: Request) -> str:
    """Where a request came from."""
    return request.client.host if request.client else ""


def to(path: str) -> Response:
    """After an act: look at what came of it; a reload does not act again."""
    return RedirectResponse(path, 303, HEADERS)


def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(FILTERS)
    found.filters["plain_words"] = plain_words
    return found


PAGES = _environment()
