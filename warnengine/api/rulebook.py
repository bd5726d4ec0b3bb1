"""Routes by which a rule book is submitted, approved, withdrawn, rolled back and brought to standing orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Request
from pydantic import Field

from warnengine.api.control import Body, Why
from warnengine.api.operators import Operators
from warnengine.order.wish import Who

Short = Annotated[str, Path(pattern="^[0-9a-f]{6,64}$")]
Sha256 = Annotated[str | None, Field(pattern="^[0-9a-f]{64}$")]


class Submission(Body):
    """A book: its files by path, as they lie in the folder, and why it should count."""

    files: dict[str, str] = Field(min_length=1, max_length=2000)
    why: Why


class Reason(Body):
    """Why somebody does it."""

    why: Why


class Confirmation(Body):
    """A yes to what was shown; without `confirm` it is shown."""

    confirm: Sha256 = None


class Bringing(Confirmation):
    """Which units' standing orders are brought to the book in force."""

    units: tuple[str, ...] = ()
    """None named: all."""


class Publisher(Protocol):
    """What carries it out, and says in Chinese what may not be."""

    async def look(self, files: Mapping[str, str], name: str = "rules") -> dict[str, Any]:
        """What publishing these files would change."""

    async def submit(self, files: Mapping[str, str], who: Who, why: str, name: str = "rules") -> dict[str, Any]:
        """Keep a book for its approval."""

    async def rollback(self, short: str, who: Who, why: str) -> dict[str, Any]:
        """Submit a book that was in force before."""

    async def approve(self, short: str, who: Who, confirm: str | None) -> dict[str, Any]:
        """Put a submitted book in force."""

    async def withdraw(self, short: str, who: Who) -> dict[str, Any]:
        """Take a submission back."""

    async def versions(self) -> list[dict[str, Any]]:
        """Every publication."""

    async def kept(self, short: str) -> dict[str, Any]:
        """A book with its files."""

    async def bring(self, units: Sequence[str], who: Who, confirm: str | None) -> dict[str, Any]:
        """Bring standing orders to the book in force."""


def publishing(publisher: Publisher, operators: Operators) -> APIRouter:
    """Versions of the rule book."""
    router = APIRouter()

    def who(request: Request, *roles: str) -> Who:
        one = operators.one_of(request, *(roles or ("duty", "bureau", "leader")))
        return Who(one.name, one.role)

    @router.get("/v1/rulebook", dependencies=operators.only)
    async def versions() -> list[dict[str, Any]]:
        """Every publication, newest first: `counts` is in force, without `since` and `ended_at` it waits."""
        return await publisher.versions()

    @router.get("/v1/rulebook/{book}", dependencies=operators.only)
    async def kept(book: Short) -> dict[str, Any]:
        """A book, byte for byte as it was submitted."""
        return await publisher.kept(book)

    @router.post("/v1/rulebook/look", dependencies=operators.only)
    async def look(submission: Submission) -> dict[str, Any]:
        """What publishing these files would change, and what stands against it. Nothing is kept."""
        return await publisher.look(submission.files)

    @router.post("/v1/rulebook", status_code=201)
    async def submit(request: Request, submission: Submission) -> dict[str, Any]:
        """Submit a book; it counts once another person has approved it."""
        return await publisher.submit(submission.files, who(request, "bureau", "leader"), submission.why)

    @router.post("/v1/rulebook/{book}/approve")
    async def approve(request: Request, book: Short, yes: Confirmation) -> dict[str, Any]:
        """Put a submitted book in force: first without `confirm`, then with what that showed."""
        return await publisher.approve(book, who(request, "leader"), yes.confirm)

    @router.post("/v1/rulebook/{book}/withdraw")
    async def withdraw(request: Request, book: Short) -> dict[str, Any]:
        """Take a submission back."""
        return await publisher.withdraw(book, who(request))

    @router.post("/v1/rulebook/{book}/rollback", status_code=201)
    async def rollback(request: Request, book: Short, reason: Reason) -> dict[str, Any]:
        """Submit a book that was in force before; it is approved as every other."""
        return await publisher.rollback(book, who(request, "bureau", "leader"), reason.why)

    @router.post("/v1/rulebook/apply")
    async def bring(request: Request, yes: Bringing) -> dict[str, Any]:
        """Bring standing orders to the book in force: first without `confirm`, then with what that showed."""
        return await publisher.bring(yes.units, who(request, "duty", "leader"), yes.confirm)

    return router
