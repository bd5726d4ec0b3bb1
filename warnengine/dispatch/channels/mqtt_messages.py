"""What goes to loudspeakers and to the district's own app by MQTT, and what they say. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warnengine.dispatch.channel import ChannelError, Fate, Outgoing, Reason, Receipt, Reply
from warnengine.dispatch.channels.http_profile import Unreadable
from warnengine.dispatch.channels.speech import proclaimed
from warnengine.dispatch.channels.voice_profiles import call_of, delivery_of
from warnengine.settings import MqttGateway

SLOT = "{address}"
FATES = {"played": Fate.DELIVERED, "delivered": Fate.DELIVERED, "read": Fate.DELIVERED, "failed": Fate.FAILED}
"""What a result says of the message; anything else (playing, queued) says nothing yet."""
_LEVEL = re.compile(r"[^/+#$\0\s][^/+#\0\s]*")
"""One level of a topic: an address must not reach beyond its own."""


class Status(NamedTuple):
    """Whether a device is there: its own word, or the will that its broker speaks for it."""

    address: str
    online: bool


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Result(_Said):
    id: str = Field(pattern=r"^[0-9A-Za-z-]{1,64}$")
    result: str = Field(pattern=r"^\w{1,40}$")
    code: str = Field(default="", max_length=100)


class _Word(_Said):
    order: str
    text: str = Field(min_length=1, max_length=2000)


def topic_of(gateway: MqttGateway, message: Outgoing) -> str:
    """Where a message goes. Raise ChannelError for what is certain before a byte has left."""
    if message.expires_in <= 0:
        raise ChannelError(Reason.EXPIRED, "its time was over before it could leave", retry=False)
    if not _LEVEL.fullmatch(message.address) or len(message.address) > 200:
        detail = f"{message.address[:50]!r} cannot be one level of a topic"
        raise ChannelError(Reason.BAD_ADDRESS, detail, retry=False)
    return gateway.topic.replace(SLOT, message.address)


def payload_of(gateway: MqttGateway, message: Outgoing) -> bytes:
    """One JSON object in UTF-8; `id` comes back in the receipt, `order` in the reply."""
    head: dict[str, Any] = {
        "id": message.client_id,
        "dedupe_id": message.dedupe_id,
        "urgent": message.urgent,
        "expires_in": max(1, int(message.expires_in)),
    }
    text = message.text
    if gateway.serves == "loudspeaker":
        body = {"speech": proclaimed(text.short), "repeat": gateway.repeat}
    else:
        body = {
            "order": call_of(message.delivery),
            "title": text.subject,
            "text": text.short,
            "body": text.body,
            "link": text.link,
        }
    return json.dumps(head | body, ensure_ascii=False).encode()


def listened_to(gateway: MqttGateway) -> list[str]:
    """The topics on which devices speak."""
    spoken = (gateway.receipts, gateway.replies, gateway.status)
    return [topic.replace(SLOT, "+") for topic in spoken if topic]


def read(gateway: MqttGateway, topic: str, payload: bytes) -> Receipt | Reply | Status:
    """What a device says; raise Unreadable, whose words repeat nothing of it, where that is not understood."""
    if gateway.status and (address := _address(gateway.status, topic)):
        return Status(address, online=payload.strip().lower() not in (b"offline", b"0", b""))
    try:
        if address := _address(gateway.receipts, topic):
            said = _Result.model_validate_json(payload)
            fate = FATES.get(said.result, Fate.PENDING)
            return Receipt(gateway.name, said.id, address, fate, _storable(said.code or said.result), payload)
        if gateway.replies and (address := _address(gateway.replies, topic)):
            word = _Word.model_validate_json(payload)
            return Reply(gateway.name, address, "", word.text, payload, delivery_of(word.order))
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, problem["loc"])) or "JSON" for problem in error.errors()}))
        raise Unreadable(f"{len(payload)} bytes that are not understood: {wrong}") from None
    raise Unreadable("a topic that was not asked for")


def _address(template: str, topic: str) -> str | None:
    before, _, after = template.partition(SLOT)
    found = re.fullmatch(f"{re.escape(before)}([^/]+){re.escape(after)}", topic)
    return found[1] if found else None


def _storable(word: str) -> str:
    return word.replace("\0", "")
