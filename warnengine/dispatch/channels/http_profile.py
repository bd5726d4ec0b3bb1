"""What is particular to a make of gateway by HTTP, and how the JSON of gateways is read.

Profiles are pure: they write a request, read an answer and read a callback. The channel does the talking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from warnengine.dispatch.channel import Fate, Outgoing, Reason

Values = Mapping[str, str]


class Request(NamedTuple):
    """What to send by POST."""

    path: str
    """Put behind the gateway's address."""
    headers: dict[str, str]
    body: bytes


class Reported(NamedTuple):
    """A receipt in a callback, without what the channel knows."""

    provider_id: str
    address: str
    fate: Fate
    code: str
    raw: bytes


class Answered(NamedTuple):
    """A reply in a callback, without what the channel knows."""

    address: str
    to: str
    text: str
    raw: bytes
    delivery: int | None = None
    """What it answers, where the gateway gives that back."""


class Garbled(NamedTuple):
    """An entry in a callback that is not what this make of gateway sends."""

    why: str
    """Without anything that the entry holds."""
    raw: bytes


Event = Reported | Answered | Garbled


class Unreadable(ValueError):
    """An answer or a callback is not what this make of gateway sends. Its words repeat nothing of it."""


@dataclass(frozen=True)
class Profile:
    """One make of gateway by HTTP."""

    needs: frozenset[str]
    """The names that `values` must hold."""
    request: Callable[[Values, Outgoing, str], Request]
    """Write one message to one number (without the plus)."""
    answer: Callable[[bytes, Outgoing], tuple[str, ...]]
    """Read the body of a 2xx answer: the parts' ids. Raises ChannelError, or Unreadable where nobody knows."""
    callback: Callable[[Mapping[str, str], bytes], list[Event]]
    """Read a callback's query and body; raises Unreadable where nothing of it can be read."""
    answer_ok: tuple[bytes, str] = (b"", "text/plain")
    """Body and media type that the gateway wants as confirmation of a callback."""
    refusals: Mapping[int, tuple[Reason, bool]] = field(default_factory=dict)
    """HTTP statuses that mean something else than usual: the reason, and whether to try again."""


def _entries(octets: bytes) -> list[Any]:
    """Read one JSON value or a list of them."""
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{len(octets)} bytes that are not JSON: {type(error).__name__}") from None
    return found if isinstance(found, list) else [found]


def read_answer(octets: bytes) -> dict[str, Any]:
    """Read the JSON object, or the list of one, that a gateway answers."""
    match _entries(octets):
        case [dict(answer), *_]:
            return answer
    raise Unreadable(f"{len(octets)} bytes of JSON that are not an object or a list of them")


def read_events(octets: bytes, read: Callable[[Mapping[str, Any]], list[Event]]) -> list[Event]:
    """Read each entry by itself: what one of them lacks is not the others' fault."""
    events = [event for entry in _entries(octets) for event in _read(entry, read)]
    if events and all(isinstance(event, Garbled) for event in events):
        raise Unreadable("; ".join(dict.fromkeys(event.why for event in events if isinstance(event, Garbled))))
    return events


def _read(entry: Any, read: Callable[[Mapping[str, Any]], list[Event]]) -> list[Event]:
    if not isinstance(entry, dict):
        return [Garbled("not a JSON object", as_bytes(entry))]
    try:
        return read(entry)
    except Unreadable as error:
        return [Garbled(str(error), as_bytes(entry))]


def word(entry: Mapping[str, Any], name: str) -> str:
    """Take a field as text; raise Unreadable where it is missing."""
    if entry.get(name) is None:
        raise Unreadable(f"the field {name!r} is missing")
    return str(entry[name])


def as_bytes(entry: Any) -> bytes:
    """Write one entry of a callback so that the same entry always gives the same bytes."""
    return json.dumps(entry, sort_keys=True).encode()
