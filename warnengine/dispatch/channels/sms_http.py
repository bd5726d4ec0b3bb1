"""SMS by a vendor's HTTP interface; what is particular to a make is in its profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from warnengine.dispatch.channel import (
    Accepted,
    ChannelError,
    Inbox,
    Outgoing,
    Reason,
    Receipt,
    Reply,
    Unanswered,
)
from warnengine.dispatch.channels.http_client import Answer, HttpClient
from warnengine.dispatch.channels.http_profile import Event, Garbled, Profile, Reported, Unreadable
from warnengine.dispatch.channels.numbers import destination, e164
from warnengine.dispatch.channels.sms_profiles import PROFILES
from warnengine.settings import HttpGateway, HttpLine

_Kind = TypeVar("_Kind")

LONGEST_ID = 500
"""Characters of a gateway's id of a part that are kept; the longest known are UUIDs."""


def refusal(status: int, headers: Mapping[str, str], body: bytes, profile: Profile) -> ChannelError:
    """Read an HTTP status that is no 2xx and leaves no doubt."""
    usual = {
        401: (Reason.CREDENTIALS, True),
        403: (Reason.CREDENTIALS, True),
        408: (Reason.GATEWAY_ERROR, True),
        429: (Reason.THROTTLED, True),
    }
    other = (Reason.REJECTED, False) if 400 <= status < 500 else (Reason.GATEWAY_ERROR, True)
    reason, retry = (usual | dict(profile.refusals)).get(status, other)
    after = headers.get("Retry-After", "")
    detail = f"the gateway answered HTTP {status}: {body[:200].decode('utf-8', 'replace')}"
    return ChannelError(reason, detail, retry=retry, after=float(after) if after.isdecimal() else None)


def named(gateway: HttpLine, name: str, known: Mapping[str, _Kind]) -> _Kind:
    """Look a profile up; raise ValueError where it does not exist."""
    if name not in known:
        names = ", ".join(sorted(known))
        raise ValueError(f"gateway {gateway.name}: no profile {name!r}; there are {names}")
    return known[name]


class HttpChannel(HttpClient):
    """A line by HTTP. Receipts and replies come by callback: see `read_callback`."""

    kind: str

    def __init__(self, gateway: HttpLine, profile: Profile) -> None:
        """Raise ValueError where the profile lacks values."""
        if missing := profile.needs - gateway.values.keys():
            names = ", ".join(sorted(missing))
            raise ValueError(f"gateway {gateway.name}: its profile needs in `values`: {names}")
        super().__init__(gateway, gateway.url)
        self._settings = gateway
        self._profile = profile
        self._values = {name: value.get_secret_value() for name, value in gateway.values.items()}

    async def send(self, message: Outgoing) -> Accepted:
        """Ask once."""
        number = destination(message)
        if self._session is None:
            raise self._unreachable("the channel is not running")
        request = self._profile.request(self._values, message, number)
        return self._judge(message, await self._ask(*request))

    def read_callback(self, method: str, query: Mapping[str, str], body: bytes) -> list[Receipt | Reply | Garbled]:
        """Read what the gateway calls back with, by whichever method.

        Hand receipts and replies to the Inbox, keep what is garbled, then answer `answer_ok`: the gateway must not
        repeat a batch for ever because of one entry. Raises Unreadable, a ValueError, where nothing of it is what
        this gateway sends: answer 400.
        """
        try:
            return [self._event(event) for event in self._profile.callback(query, body)]
        except RecursionError:
            raise Unreadable(f"{len(body)} bytes of JSON that are nested too deeply") from None

    def _event(self, event: Event) -> Receipt | Reply | Garbled:
        if isinstance(event, Garbled):
            return event
        address = e164(event.address, self._settings.country)
        if isinstance(event, Reported):
            return Receipt(self.gateway, event.provider_id, address, event.fate, event.code, event.raw)
        return Reply(self.gateway, address, event.to, event.text, event.raw, event.delivery)

    def answer(self, method: str, query: Mapping[str, str]) -> tuple[bytes, str]:
        """Body and media type to confirm a callback with, once the Inbox has returned."""
        return self._profile.answer_ok

    def _judge(self, message: Outgoing, answer: Answer) -> Accepted:
        status, headers, body = answer
        try:
            if not 200 <= status < 300:
                raise refusal(status, headers, body, self._profile)
            ids = self._profile.answer(body, message)
            if max(map(len, ids), default=0) > LONGEST_ID:
                raise Unreadable(f"an id of more than {LONGEST_ID} characters")
        except ChannelError as error:
            raise self._noted(error) from None
        except Unreadable as error:
            raise Unanswered(f"HTTP {status} with an answer that cannot be read: {error}") from error
        self._well()
        return Accepted(ids, receipts=True)


class HttpSmsChannel(HttpChannel):
    """An SMS line by HTTP."""

    kind = "sms"

    def __init__(self, gateway: HttpGateway, inbox: Inbox) -> None:
        """Look the profile up; raise ValueError where it does not exist or lacks values."""
        super().__init__(gateway, named(gateway, gateway.profile, PROFILES))
