"""The gateways that need no telephone number: email, Web Push, MQTT, WeCom, and what Apprise knows."""

from __future__ import annotations

import re
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from warnengine.settings.gateway import Gateway


def _mailbox(sender: str) -> str:
    address = parseaddr(sender)[1]
    if not (address.isascii() and all(address.partition("@"))):
        raise ValueError(f"sender {sender!r} has no mailbox; write it as 铜梁应急 <duty@example.cn>")
    return sender


class SmtpGateway(Gateway):
    """Email by SMTP."""

    kind: Literal["smtp"]
    host: str
    port: int = Field(ge=0, le=65535)
    tls: Literal["none", "starttls", "implicit"] = "none"
    username: str | None = None
    password: SecretStr | None = None
    sender: Annotated[str, AfterValidator(_mailbox)]
    """铜梁应急 <duty@example.cn>; its domain is also the name that we greet the gateway with."""
    ca_file: Path | None = None
    """Certificate authority of the gateway; the system's own list when absent."""
    window: int = Field(default=8, ge=1, le=1000)

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError(f"email gateway {self.name}: give both username and password, or neither")
        return self


class PushGateway(Gateway):
    """Web Push (RFC 8030, 8291, 8292)."""

    kind: Literal["push"]
    private_key: SecretStr
    """VAPID private key, base64url of the 32 bytes or PEM."""
    subject: str = Field(pattern=r"^(mailto:.+@.+|https://.+)$")
    """mailto: address at which the push service can reach the operator."""
    allow_http_loopback: bool = False
    """Also push to plain http and to addresses of this machine itself: for tests and the demo only."""


def _topic(topic: str) -> str:
    levels = topic.split("/")
    if levels.count("{address}") != 1 or topic.count("{") != 1 or set(topic) & set("+#\0"):
        raise ValueError(f"topic {topic!r}: {{address}} must be one whole level, as in speakers/{{address}}/play")
    return topic


Topic = Annotated[str, AfterValidator(_topic)]


class MqttGateway(Gateway):
    """A broker of MQTT 5 with village loudspeakers (大喇叭), or with the phones of the district's own app."""

    kind: Literal["mqtt"]
    serves: Literal["loudspeaker", "app"]
    """The channel that the rule book and the address list name."""
    host: str = Field(min_length=1)
    port: int = Field(default=8883, ge=0, le=65535)
    tls: bool = True
    ca_file: Path | None = None
    """Certificate authority of the broker; the system's own list when absent."""
    username: str | None = None
    password: SecretStr | None = None
    client_id: str | None = Field(None, pattern=r"^[0-9A-Za-z._-]{1,60}$")
    """Our name at the broker, of this process alone; absent: made of the gateway's name and the machine's."""
    topic: Topic = "warnengine/{address}/order"
    """Where a device listens."""
    receipts: Topic = "warnengine/{address}/receipt"
    """Where a device tells what came of a message: {"id", "result": played, delivered, read, failed, "code"}."""
    replies: Topic | None = None
    """Where the app hands over what a person answered: {"order", "text"}."""
    status: Topic | None = None
    """Where a device, or its will, says `online` or `offline` (retained)."""
    repeat: int = Field(default=1, ge=1, le=10)
    """How often a loudspeaker says it; once has everything twice already."""
    enquire_seconds: float = Field(default=30, ge=1)

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError(f"MQTT gateway {self.name}: give both username and password, or neither")
        return self

    @model_validator(mode="after")
    def _topics_differ(self) -> Self:
        topics = [topic for topic in (self.topic, self.receipts, self.replies, self.status) if topic]
        if len(set(topics)) < len(topics):
            raise ValueError(f"MQTT gateway {self.name}: topic, receipts, replies and status must differ")
        return self


class WecomGateway(Gateway):
    """An application of the bureau in WeCom (企业微信)."""

    kind: Literal["wecom"]
    url: str = "https://qyapi.weixin.qq.com"
    corp_id: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")
    """企业ID."""
    agent_id: int = Field(ge=0)
    secret: SecretStr = Field(min_length=1)
    """Secret of the application."""
    callback_secret: SecretStr = Field(min_length=1)
    """Part of the callback's path."""
    token: SecretStr | None = None
    """Token of 接收消息服务器; without it nobody can answer in WeCom, only on the link page."""
    aes_key: SecretStr | None = None
    """EncodingAESKey of 接收消息服务器: 43 letters and digits."""
    window: int = Field(default=8, ge=1, le=1000)

    @model_validator(mode="after")
    def _callback_is_whole(self) -> Self:
        if (self.token is None) != (self.aes_key is None):
            raise ValueError(f"WeCom gateway {self.name}: give both token and aes_key, or neither")
        if self.aes_key and not re.fullmatch(r"[0-9A-Za-z+/]{43}", self.aes_key.get_secret_value()):
            raise ValueError(f"WeCom gateway {self.name}: aes_key has 43 letters and digits")
        return self


class ExtraGateway(Gateway):
    """Any service that Apprise knows. What it took is sent, and counts for nobody as reached."""

    kind: Literal["extra"]
    url: SecretStr
    """Apprise's URL of the service; {address} stands for what the address list has in the column extra."""
    window: int = Field(default=4, ge=1, le=32)
    """Threads."""
