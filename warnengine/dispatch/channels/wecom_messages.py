"""What WeCom is sent, what its codes mean and what it calls back with. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from lxml import etree

from warnengine.dispatch.channel import ChannelError, Outgoing, Reason, Reply
from warnengine.dispatch.channels.http_profile import Unreadable
from warnengine.dispatch.channels.voice_profiles import call_of, delivery_of
from warnengine.settings import WecomGateway

STALE = frozenset({40014, 42001})
"""The access token is not, or no longer, valid: fetch another."""
CARD = 112
"""Characters that a card shows; longer texts go as plain text, for no word of an order may be cut off."""
LONGEST = 2048
"""Bytes of a plain text; more would be cut off."""
REPEAT_SECONDS = 60
"""Within which WeCom drops the same request: shorter than the time between two reminders."""
BUTTONS = (("收到", "1"), ("已开展", "2"))
_MEMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}")
_REASONS = {
    40003: Reason.BAD_ADDRESS,
    60111: Reason.BAD_ADDRESS,
    81013: Reason.BAD_ADDRESS,
    45009: Reason.THROTTLED,
    45033: Reason.THROTTLED,
    44004: Reason.REJECTED,
    45002: Reason.REJECTED,
    40001: Reason.CREDENTIALS,
    40013: Reason.CREDENTIALS,
    40014: Reason.CREDENTIALS,
    40056: Reason.CREDENTIALS,
    42001: Reason.CREDENTIALS,
    48002: Reason.CREDENTIALS,
    60011: Reason.CREDENTIALS,
    60020: Reason.CREDENTIALS,
    301002: Reason.CREDENTIALS,
}
"""Of 全局错误码; any other may be tried again."""
_FOR_GOOD = frozenset({Reason.BAD_ADDRESS, Reason.REJECTED})


def body_of(gateway: WecomGateway, message: Outgoing) -> bytes:
    """The request for one member. Raise ChannelError for what is certain before a byte has left."""
    if message.expires_in <= 0:
        raise ChannelError(Reason.EXPIRED, "its time was over before it could leave", retry=False)
    if not _MEMBER.fullmatch(message.address):  # @all and a|b would go to others as well
        raise ChannelError(Reason.BAD_ADDRESS, f"{message.address[:50]!r} is no member", retry=False)
    short = message.text.short
    if len(short.encode()) > LONGEST:
        raise ChannelError(Reason.REJECTED, f"{len(short)} characters are too long for WeCom", retry=False)
    envelope = {
        "touser": message.address,
        "agentid": gateway.agent_id,
        "enable_duplicate_check": 1,
        "duplicate_check_interval": REPEAT_SECONDS,
    }
    answerable = gateway.token is not None and len(short) <= CARD
    content = _card(message) if answerable else {"msgtype": "text", "text": {"content": short}}
    return json.dumps(envelope | content, ensure_ascii=False).encode()


def _card(message: Outgoing) -> dict[str, Any]:
    """A card with the text and a button for each answer; its task id comes back with the press."""
    card = {
        "card_type": "button_interaction",
        "main_title": {"title": message.text.subject[:26]},
        "sub_title_text": message.text.short,
        "card_action": {"type": 1, "url": message.text.link},
        "task_id": f"{call_of(message.delivery)}-{message.client_id}",
        "button_list": [{"text": text, "key": key} for text, key in BUTTONS],
    }
    return {"msgtype": "template_card", "template_card": card}


def read_answer(octets: bytes) -> dict[str, Any]:
    """The JSON object that every answer is; raise Unreadable where it is not."""
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{len(octets)} bytes that are not JSON: {type(error).__name__}") from None
    if not isinstance(found, dict) or not isinstance(found.get("errcode"), int):
        raise Unreadable(f"{len(octets)} bytes of JSON without errcode")
    return found


def refusal(answer: dict[str, Any], member: str = "") -> ChannelError | None:
    """Why WeCom did not do what it was asked, or did it for others than this member; None where it did."""
    code = answer["errcode"]
    if code:
        reason = _REASONS.get(code, Reason.GATEWAY_ERROR)
        detail = f"WeCom answered {code}: {str(answer.get('errmsg', ''))[:120]}"
        return ChannelError(reason, detail, retry=reason not in _FOR_GOOD)
    for field, words in (("invaliduser", "knows no such member"), ("unlicenseduser", "has no licence for")):
        if member.lower() in str(answer.get(field) or "").lower().split("|") and member:
            return ChannelError(Reason.BAD_ADDRESS, f"WeCom {words} {member}", retry=False)
    return None


def sealed_in(body: bytes) -> str:
    """The sealed part of a callback's body."""
    return _field(_xml(body), "Encrypt")


def read_message(gateway: str, clear: bytes) -> list[Reply]:
    """What a member wrote or pressed; nothing for events that answer no order (entering, menus, pictures)."""
    message = _xml(clear)
    kind, event = message.findtext("MsgType") or "", message.findtext("Event") or ""
    if kind == "text":
        return [
            Reply(gateway, _field(message, "FromUserName"), "", _field(message, "Content"), clear, channel="wecom")
        ]
    if (kind, event) == ("event", "template_card_event"):
        delivery = delivery_of(_field(message, "TaskId").partition("-")[0])
        member, key = _field(message, "FromUserName"), _field(message, "EventKey")
        return [Reply(gateway, member, "", key, clear, delivery, channel="wecom")]
    return []


def _xml(octets: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(octets, parser)
    except etree.XMLSyntaxError:
        raise Unreadable(f"{len(octets)} bytes that are not XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("XML with a DOCTYPE")
    return root


def _field(message: etree._Element, name: str) -> str:
    found = message.findtext(name)
    if not found:
        raise Unreadable(f"the field {name!r} is missing")
    return found
