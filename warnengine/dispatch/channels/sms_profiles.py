"""How each make of SMS gateway wants to be asked by HTTP, and what it answers and reports: one profile per make.

Profiles are pure: they write a request, read an answer and read a callback. The channel does the talking.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode

from warnengine.dispatch.channel import ChannelError, Fate, Outgoing, Reason

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
    """One make of gateway."""

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


def _answer(octets: bytes) -> dict[str, Any]:
    """Read the JSON object, or the list of one, that a gateway answers."""
    match _entries(octets):
        case [dict(answer), *_]:
            return answer
    raise Unreadable(f"{len(octets)} bytes of JSON that are not an object or a list of them")


def _events(octets: bytes, read: Callable[[Mapping[str, Any]], Reported | Answered]) -> list[Event]:
    """Read each entry by itself: what one of them lacks is not the others' fault."""
    events = [_event(entry, read) for entry in _entries(octets)]
    if events and all(isinstance(event, Garbled) for event in events):
        raise Unreadable("; ".join(dict.fromkeys(event.why for event in events if isinstance(event, Garbled))))
    return events


def _event(entry: Any, read: Callable[[Mapping[str, Any]], Reported | Answered]) -> Event:
    if not isinstance(entry, dict):
        return Garbled("not a JSON object", _bytes(entry))
    try:
        return read(entry)
    except Unreadable as error:
        return Garbled(str(error), _bytes(entry))


def _word(entry: Mapping[str, Any], name: str) -> str:
    """Take a field as text; raise Unreadable where it is missing."""
    if entry.get(name) is None:
        raise Unreadable(f"the field {name!r} is missing")
    return str(entry[name])


def _bytes(entry: Any) -> bytes:
    """Write one entry of a callback so that the same entry always gives the same bytes."""
    return json.dumps(entry, sort_keys=True).encode()


# json: our own contract, for gateways that are adapted by a small program in front of them.


def _json_request(values: Values, message: Outgoing, number: str) -> Request:
    body = {
        "id": message.client_id,
        "dedupe_id": message.dedupe_id,
        "to": f"+{number}",
        "text": message.text.short,
        "expires_in": int(message.expires_in),
        "urgent": message.urgent,
    }
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {values['token']}"}
    return Request("", headers, json.dumps(body, ensure_ascii=False).encode())


def _json_answer(octets: bytes, message: Outgoing) -> tuple[str, ...]:
    ids = _answer(octets).get("ids")
    if not isinstance(ids, list) or not all(isinstance(part, str) for part in ids):
        raise Unreadable("an answer without ids")
    return tuple(ids)


def _json_callback(query: Mapping[str, str], body: bytes) -> list[Event]:
    return _events(body, _json_event)


def _json_event(entry: Mapping[str, Any]) -> Reported | Answered:
    if "text" in entry:
        return Answered(_word(entry, "from"), str(entry.get("to", "")), _word(entry, "text"), _bytes(entry))
    status = _word(entry, "status")
    if status not in set(Fate):
        raise Unreadable("an unknown status: write delivered, failed or pending")
    code = str(entry.get("code", status))
    return Reported(_word(entry, "id"), str(entry.get("to", "")), Fate(status), code, _bytes(entry))


# kannel: Kannel 1.4 smsbox, user guide chapters "Using SMS push" and "Delivery reports".

_KANNEL_DELIVERED = 1
_KANNEL_FAILED = 2 | 16
_STAT = re.compile(r"stat:(\S+)")


def _kannel_request(values: Values, message: Outgoing, number: str) -> Request:
    """Ask for every report; our own id travels in the report's address, for Kannel tells none of its own.

    By POST, which Kannel takes as headers and plain text only: an HTTP client may repeat a GET by itself.
    """
    report = {"id": message.client_id, "to": f"+{number}"}
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "X-Kannel-Username": values["username"],
        "X-Kannel-Password": values["password"],
        "X-Kannel-From": values["from"],
        "X-Kannel-To": number,
        "X-Kannel-Coding": "2",
        "X-Kannel-Validity": str(max(1, int(message.expires_in // 60))),
        "X-Kannel-Priority": "3" if message.urgent else "0",
        "X-Kannel-DLR-Mask": "31",
        "X-Kannel-DLR-Url": f"{values['callback']}?{urlencode(report)}&dlr=%d&answer=%A",
    }
    return Request("", headers, message.text.short.encode())


def _kannel_answer(octets: bytes, message: Outgoing) -> tuple[str, ...]:
    if octets[:2] not in {b"0:", b"3:"}:
        raise Unreadable("neither accepted nor queued")
    return (message.client_id,)


def _kannel_callback(query: Mapping[str, str], body: bytes) -> list[Event]:
    """Read a report (the address we gave) or a reply.

    Replies want `post-url = "…?from=%p&to=%P&coding=%c"` and `max-messages = 0` in Kannel's sms-service: by
    get-url it writes Chinese as bare UTF-16 into an address that everybody reads as UTF-8.
    """
    if "dlr" not in query:
        text = body.decode("utf-16-be" if _word(query, "coding") == "2" else "utf-8", "replace")
        raw = _bytes(dict(query)) + b"\n" + body
        return [Answered(_word(query, "from"), query.get("to", ""), text, raw)]
    kind = _word(query, "dlr")
    if not re.fullmatch("[0-9]{1,4}", kind):
        raise Unreadable("dlr is no number: the report's address must hold %d")
    stat = _STAT.search(query.get("answer", ""))
    fate = Fate.PENDING
    if int(kind) & _KANNEL_DELIVERED:
        fate = Fate.DELIVERED
    elif int(kind) & _KANNEL_FAILED:
        fate = Fate.FAILED
    code = stat[1] if stat else f"dlr {kind}"
    return [Reported(_word(query, "id"), query.get("to", ""), fate, code, _bytes(dict(query)))]


# yunmas: 移动云MAS, HTTP/HTTPS interface, 普通短信 (norsubmit).

_YUNMAS_REASONS = {
    "InvalidUsrOrPwd": Reason.CREDENTIALS,
    "IllegalMac": Reason.CREDENTIALS,
    "IllegalSignId": Reason.REJECTED,
    "NoSignId": Reason.REJECTED,
    "InvalidMessage": Reason.REJECTED,
    "TooManyMobiles": Reason.REJECTED,
}
_SIGNATURE = re.compile(r"^【[^】]*】")


def _yunmas_request(values: Values, message: Outgoing, number: str) -> Request:
    """Leave the signature off, which the platform puts on by `sign`; it knows no validity of a message."""
    form = {
        "ecName": values["ecName"],
        "apId": values["apId"],
        "mobiles": number.removeprefix("86"),
        "content": _SIGNATURE.sub("", message.text.short),
        "sign": values["sign"],
        "addSerial": values.get("addSerial", ""),
    }
    order = ("ecName", "apId", "secretKey", "mobiles", "content", "sign", "addSerial")
    words = "".join((form | {"secretKey": values["secretKey"]})[name] for name in order)
    form["mac"] = hashlib.md5(words.encode(), usedforsecurity=False).hexdigest()
    body = base64.b64encode(json.dumps(form, ensure_ascii=False).encode())
    return Request("/sms/norsubmit", {"Content-Type": "application/json"}, body)


def _yunmas_answer(octets: bytes, message: Outgoing) -> tuple[str, ...]:
    answer = _answer(octets)
    if answer.get("success") is True:
        return (_word(answer, "msgGroup"),)
    code = _word(answer, "rspcod")
    reason = _YUNMAS_REASONS.get(code, Reason.GATEWAY_ERROR)
    raise ChannelError(reason, f"云MAS answered {code}", retry=reason is not Reason.REJECTED)


def _yunmas_callback(query: Mapping[str, str], body: bytes) -> list[Event]:
    return _events(_base64_or_plain(body), _yunmas_event)


def _yunmas_event(entry: Mapping[str, Any]) -> Reported | Answered:
    if "smsContent" in entry:
        to = str(entry.get("addSerial", ""))
        return Answered(_word(entry, "mobile"), to, _word(entry, "smsContent"), _bytes(entry))
    status = _word(entry, "reportStatus")
    fate = {"CM:0000": Fate.DELIVERED, "SM:0000": Fate.PENDING}.get(status, Fate.FAILED)
    return Reported(_word(entry, "msgGroup"), _word(entry, "mobile"), fate, status, _bytes(entry))


def _base64_or_plain(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return body


PROFILES: dict[str, Profile] = {
    "json": Profile(
        needs=frozenset({"token"}),
        request=_json_request,
        answer=_json_answer,
        callback=_json_callback,
        answer_ok=(b'{"ok":true}', "application/json"),
        refusals={422: (Reason.BAD_ADDRESS, False)},
    ),
    "kannel": Profile(
        needs=frozenset({"username", "password", "from", "callback"}),
        request=_kannel_request,
        answer=_kannel_answer,
        callback=_kannel_callback,
    ),
    "yunmas": Profile(
        needs=frozenset({"ecName", "apId", "secretKey", "sign"}),
        request=_yunmas_request,
        answer=_yunmas_answer,
        callback=_yunmas_callback,
    ),
}
