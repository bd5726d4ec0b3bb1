"""How a vendor of voice calls is asked by HTTP, and what it answers and reports: a vendor is data.

The engine's own id of a call travels there and back: a key is the answer to what that very call has spoken.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from warnengine.dispatch.channel import ChannelError, Fate, Outgoing, Reason
from warnengine.dispatch.channels.http_profile import (
    Answered,
    Event,
    Profile,
    Reported,
    Request,
    Unreadable,
    Values,
    as_bytes,
    read_answer,
    read_events,
    word,
)
from warnengine.settings import VoiceReport, VoiceVendor

SLOTS = frozenset({"number", "national", "text", "call", "dedupe_id", "expires_in", "urgent"})
SIGNED = {"": frozenset[str](), "aliyun": frozenset({"access_key_id", "access_key_secret"})}
PRESSED = {"1": "1", "3": "按3"}
"""What a key says, as the reader of replies understands it: received; and a word for the duty room."""
FATES = {"heard": Fate.DELIVERED, "in_part": Fate.PENDING, "in_vain": Fate.FAILED}
FOR_GOOD = frozenset({Reason.BAD_ADDRESS, Reason.REJECTED})
LARGEST = 2**63
_SLOT = re.compile(r"\{(\w+)\}")


def profile_of(vendor: VoiceVendor) -> Profile:
    """What the channel needs of a vendor."""
    confirmation = vendor.report.confirmation.encode()
    return Profile(
        needs=frozenset(_slots([vendor.headers, vendor.body])) - SLOTS | SIGNED[vendor.signed],
        request=partial(_request, vendor),
        answer=partial(_answer, vendor),
        callback=lambda query, body: read_events(body, partial(_reported, vendor.report)),
        answer_ok=(confirmation, "application/json" if confirmation else "text/plain"),
        refusals={status: _reason(named) for status, named in vendor.statuses.items()},
    )


def call_of(delivery: int) -> str:
    """A delivery as 13 letters and digits: vendors give back no more than 15."""
    return base64.b32hexencode(delivery.to_bytes(8, "big")).decode().rstrip("=")


def delivery_of(call: str) -> int:
    """The delivery that a report speaks of; raise Unreadable where it is none of ours."""
    try:
        delivery = int.from_bytes(base64.b32hexdecode(call + "==="), "big")
    except (binascii.Error, ValueError):
        delivery = LARGEST
    if len(call) != len(call_of(0)) or delivery >= LARGEST:
        raise Unreadable("a key was pressed in a call that is none of ours")
    return delivery


def aliyun_signature(method: str, form: Mapping[str, str], secret: str) -> str:
    """Sign a form as Aliyun's RPC interfaces want it, signature version 1.0."""
    pairs = "&".join(f"{quote(name, safe='')}={quote(form[name], safe='')}" for name in sorted(form))
    words = f"{method}&%2F&{quote(pairs, safe='')}"
    return base64.b64encode(hmac.digest(f"{secret}&".encode(), words.encode(), hashlib.sha1)).decode()


def _request(vendor: VoiceVendor, values: Values, message: Outgoing, number: str) -> Request:
    slots = {
        **values,
        "number": number,
        "national": number.removeprefix("86"),
        "text": message.text.short,
        "call": call_of(message.delivery),
        "dedupe_id": message.dedupe_id,
        "expires_in": int(message.expires_in),
        "urgent": message.urgent,
    }
    headers = {name: str(_filled(value, slots)) for name, value in vendor.headers.items()}
    body = _filled(vendor.body, slots)
    if not vendor.signed:
        octets = json.dumps(body, ensure_ascii=False).encode()
        return Request(vendor.path, {"Content-Type": "application/json"} | headers, octets)
    form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    form |= {
        "Format": "JSON",
        "AccessKeyId": values["access_key_id"],
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": message.client_id,
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    form["Signature"] = aliyun_signature("POST", form, values["access_key_secret"])
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request(vendor.path, kind | headers, urlencode(form).encode())


def _answer(vendor: VoiceVendor, octets: bytes, message: Outgoing) -> tuple[str, ...]:
    found = _flat(read_answer(octets))
    if vendor.code and (code := word(found, vendor.code)) != vendor.taken:
        reason, retry = _reason(vendor.refusals.get(code, Reason.GATEWAY_ERROR))
        raise ChannelError(reason, f"the gateway answered {code[:200]}", retry=retry)
    return (word(found, vendor.call_id),)


def _reported(report: VoiceReport, entry: Mapping[str, Any]) -> list[Event]:
    """A receipt, and what each key says: who pressed one that the text names has heard it."""
    found = _flat(entry)
    call_id, code = word(found, report.call_id), word(found, report.result)
    keys = [key for key in dict.fromkeys(str(found.get(report.key) or "")) if key in PRESSED]
    result = report.results.get(code)
    fate = Fate.DELIVERED if keys else FATES[result] if result else Fate.PENDING
    receipt = Reported(call_id, str(found.get(report.callee) or ""), fate, code, as_bytes(entry))
    return [receipt, *(_pressed(key, call_id, word(found, report.call)) for key in keys)]


def _pressed(key: str, call_id: str, call: str) -> Answered:
    """A key is reported when it is pressed and again at the end of the call: the same bytes."""
    return Answered("", "", PRESSED[key], f"{call_id} {key}".encode(), delivery_of(call))


def _reason(named: str) -> tuple[Reason, bool]:
    reason = Reason(named)
    return reason, reason not in FOR_GOOD


def _filled(template: Any, slots: Mapping[str, Any]) -> Any:
    """Fill the slots of a template; a text that is one slot and nothing else keeps the kind of its value."""
    if isinstance(template, dict):
        return {name: _filled(value, slots) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, slots) for value in template]
    if not isinstance(template, str):
        return template
    if whole := _SLOT.fullmatch(template):
        return slots[whole[1]]
    return _SLOT.sub(lambda slot: str(slots[slot[1]]), template)


def _slots(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield from _SLOT.findall(template)
    elif isinstance(template, dict | list):
        for value in template.values() if isinstance(template, dict) else template:
            yield from _slots(value)


def _flat(entry: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Names of fields within fields, joined by dots."""
    found: dict[str, Any] = {}
    for name, value in entry.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value
    return found


VENDORS: dict[str, VoiceVendor] = {
    # Our own contract, for lines that are adapted by a small program in front of them.
    "json": VoiceVendor(
        headers={"Authorization": "Bearer {token}"},
        body={
            "call": "{call}",
            "dedupe_id": "{dedupe_id}",
            "to": "+{number}",
            "text": "{text}",
            "expires_in": "{expires_in}",
            "urgent": "{urgent}",
        },
        call_id="id",
        statuses={422: "bad_address"},
        report=VoiceReport(
            call_id="id",
            call="call",
            callee="to",
            result="result",
            results={
                "heard": "heard",
                "hung_up": "in_part",
                "busy": "in_vain",
                "no_answer": "in_vain",
                "unreachable": "in_vain",
                "bad_number": "in_vain",
            },
            key="keys",
            confirmation='{"ok":true}',
        ),
    ),
    # Aliyun 语音服务: IvrCall (2017-05-25), with templates for the text and for what is said after 1 and after 3;
    # VoiceReport tells of a call, VoiceCallReport of a key at its moment.
    "aliyun": VoiceVendor(
        body={
            "Action": "IvrCall",
            "Version": "2017-05-25",
            "RegionId": "cn-hangzhou",
            "CalledShowNumber": "{shown_number}",
            "CalledNumber": "{national}",
            "StartCode": "{template}",
            "StartTtsParams": {"text": "{text}"},
            "MenuKeyMap.1.Key": "1",
            "MenuKeyMap.1.Code": "{template_confirmed}",
            "MenuKeyMap.2.Key": "2",
            "MenuKeyMap.2.Code": "{template}",
            "MenuKeyMap.2.TtsParams": {"text": "{text}"},
            "MenuKeyMap.3.Key": "3",
            "MenuKeyMap.3.Code": "{template_duty_room}",
            "PlayTimes": "2",
            "OutId": "{call}",
        },
        signed="aliyun",
        call_id="CallId",
        code="Code",
        taken="OK",
        refusals={
            "isv.MOBILE_NUMBER_ILLEGAL": "bad_address",
            "isv.BUSINESS_LIMIT_CONTROL": "throttled",
            "isv.OUT_OF_SERVICE": "credentials",
            "isp.RAM_PERMISSION_DENY": "credentials",
            "isv.TTS_TEMPLATE_ILLEGAL": "rejected",
            "isv.DISPLAY_NUMBER_ILLEGAL": "rejected",
            "isv.TEMPLATE_MISSING_PARAMETERS": "rejected",
            "isv.INVALID_PARAMETERS": "rejected",
        },
        statuses={400: "gateway_error", 404: "credentials"},
        report=VoiceReport(
            call_id="call_id",
            call="out_id",
            callee="callee",
            result="status_code",
            results={
                "200000": "heard",
                "200001": "in_part",
                "200002": "in_vain",
                "200003": "in_vain",
                "200004": "in_vain",
                "200005": "in_vain",
                "200007": "in_vain",
                "200008": "heard",
                "200010": "in_vain",
                "200011": "in_vain",
                "200119": "in_vain",
            },
            key="dtmf",
            confirmation='{"code":0,"msg":"success"}',
        ),
    ),
}
