"""Settings: environment variables with the prefix WARNENGINE_, or a TOML file named by WARNENGINE_CONFIG.

One class per outside system. Secrets are never printed. Nested values are written with two underscores
(WARNENGINE_KAFKA__BOOTSTRAP); lists as JSON, or far more readably in the TOML file.
"""

from __future__ import annotations

import os
import re
from datetime import time
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from warnengine.model.retention import LEAST_YEARS


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Refusal = Literal["throttled", "gateway_error", "bad_address", "rejected", "credentials"]


class Gateway(_Section):
    """What every gateway has."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    """In metrics, on the board, in callback addresses."""
    window: int = Field(default=16, ge=1, le=1000)
    """Sends on the wire at once: contract rate × round trip. After a crash this many may be in doubt."""
    rank: int = Field(default=1, ge=1)
    """Of several gateways of one channel the lowest is used first, equals share; the next stand in for it."""
    rate: float | None = Field(default=None, gt=0)
    """Submits a second that the contract allows; a long SMS is one for each part."""
    connect_seconds: float = 3
    answer_seconds: float = 5
    canary: str | None = Field(default=None, min_length=1)
    """A loop-back number or mailbox, which belongs to nobody: the canary's texts go there; absent: none go."""


class SmppGateway(Gateway):
    """An SMS line by SMPP 3.4 (transceiver)."""

    kind: Literal["smpp"]
    host: str
    port: int = Field(ge=0, le=65535)
    system_id: str
    password: SecretStr
    system_type: str = ""
    source: str = Field(pattern=r"^[0-9]{1,20}$")
    """Our number, as the contract has it: 1069…"""
    tls: bool = False
    ca_file: Path | None = None
    """Certificate authority of the gateway; the system's own list when absent."""
    enquire_seconds: float = 30
    country: str = "86"
    """Put before national numbers that the gateway writes in receipts and replies."""


class CmppGateway(Gateway):
    """An SMS line by CMPP 2.0 or 3.0 (China Mobile)."""

    kind: Literal["cmpp"]
    version: Literal["2.0", "3.0"] = "3.0"
    host: str
    port: int = 7890
    company: str = Field(pattern=r"^[0-9A-Za-z]{1,6}$")
    """企业代码: the login, and Msg_src of every text."""
    password: SecretStr
    source: str = Field(pattern=r"^[0-9]{1,21}$")
    """Src_Id: the 接入号 of the contract with its 扩展码, 1069…"""
    service_id: str = Field(default="", pattern=r"^[0-9A-Za-z+_-]{0,10}$")
    """业务代码, where the contract has one."""
    fee_user_type: int = Field(default=2, ge=0, le=3)
    """Who pays: 0 the receiver, 1 the sender, 2 the company, 3 `fee_terminal`."""
    fee_terminal: str = Field(default="", pattern=r"^[0-9]{0,21}$")
    fee_type: str = Field(default="01", pattern=r"^0[1-5]$")
    """资费类别: 01 free, 02 by text, 03 by month …"""
    fee_code: str = Field(default="0", pattern=r"^[0-9]{1,6}$")
    """资费代码, in fen."""
    enquire_seconds: float = 30
    country: str = "86"
    """Put before national numbers that the gateway writes in receipts and replies."""


class HttpLine(Gateway):
    """A line by a vendor's HTTP interface; receipts and replies come by callback."""

    url: str
    values: dict[str, SecretStr] = {}
    """What the profile asks for: username, password, ecName, apId, secretKey, sign …"""
    country: str = "86"
    """Put before national numbers that the gateway writes in receipts and replies."""
    callback_secret: SecretStr = Field(min_length=1)
    """Part of the callback's path: vendors do not sign their receipts."""


class HttpGateway(HttpLine):
    """An SMS line by HTTP: request, receipt and reply are mapped by a profile."""

    kind: Literal["sms_http"]
    profile: str
    """Name of a built-in profile (kannel, yunmas, json)."""


class VoiceReport(_Section):
    """What a vendor of voice calls reports; names of fields lead into objects by a dot."""

    call_id: str
    """The vendor's own id of the call."""
    call: str
    """What the request sent as {call}."""
    callee: str = ""
    result: str
    results: dict[str, Literal["heard", "in_part", "in_vain"]]
    """heard: to the end; in_part: hung up before it. What stands here nowhere tells nothing."""
    key: str
    """The keys that were pressed; 1 and 3 are what the spoken text names."""
    confirmation: str = ""
    """JSON that a report is answered with; empty: nothing."""


class VoiceVendor(_Section):
    """How a vendor of voice calls is asked and what it answers and reports.

    The closed slots of headers and body are {number} (8613…), {national} (13…), {text}, {call} (comes back in the
    reports), {dedupe_id}, {expires_in} (seconds) and {urgent}; any other name is looked up in the gateway's
    `values`, the id of the vendor's template among them.
    """

    path: str = ""
    """Put behind the gateway's address."""
    headers: dict[str, str] = {}
    body: dict[str, Any]
    """Sent as JSON; where the request is signed, as a form."""
    signed: Literal["", "aliyun"] = ""
    """aliyun: HMAC-SHA1 over the form, with the values access_key_id and access_key_secret."""
    call_id: str
    """Where an answer names the call."""
    code: str = ""
    """Where an answer says whether the call was taken; empty: its HTTP status says so."""
    taken: str = ""
    """The code of a call that was taken."""
    refusals: dict[str, Refusal] = {}
    """What other codes mean; what stands here nowhere may be tried again."""
    statuses: dict[int, Refusal] = {}
    """HTTP statuses that mean something else than usual."""
    report: VoiceReport


class VoiceGateway(HttpLine):
    """A line that calls, speaks a text and takes a key, for the step `voice` of the ladder."""

    kind: Literal["voice"]
    profile: str | VoiceVendor
    """Name of a built-in vendor (aliyun, json), or all that there is to say of another one."""
    call_seconds: float = Field(default=90, ge=0)
    """How long a call may last: until its end is reported, or for so long, its number gets no other."""
    pause_seconds: float = Field(default=10, ge=0)
    """Between two calls to one number."""


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
    repeat: int = Field(default=3, ge=1, le=10)
    """How often a loudspeaker says it."""
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


AnyGateway = Annotated[
    SmppGateway
    | CmppGateway
    | HttpGateway
    | VoiceGateway
    | SmtpGateway
    | PushGateway
    | MqttGateway
    | WecomGateway
    | ExtraGateway,
    Field(discriminator="kind"),
]


class Kafka(_Section):
    """The broker that warnings come in by and events go out by; absent: neither."""

    bootstrap: str
    """host:port,host:port"""
    group: str = "warnengine"
    warnings: str = "warnengine.warnings"
    rejected: str = "warnengine.rejected"
    events: str = "warnengine.events"
    source: str = "kafka"
    """The source that messages of this topic are booked under."""


class Source(_Section):
    """One way in, with its own token."""

    name: str
    token: SecretStr = Field(min_length=1)


class Operator(_Section):
    """Somebody who works with the engine under their own name."""

    name: str = Field(min_length=1, max_length=40)
    """As it stands in the record: 张三."""
    role: Literal["duty", "bureau", "leader"]
    """值班员 stops, orders by hand and records; 带班领导 also lets through what a limit has held; the bureau
    reads, and may stop."""
    token: SecretStr = Field(min_length=1)
    person: str | None = None
    """Their key in the address list: nobody records their own word."""


class Http(_Section):
    """Where the engine listens."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: str = "http://127.0.0.1:8080"
    """What official's links begin with; short, for it stands in SMS texts."""


class Dispatch(_Section):
    """The bounded send: lease > connect + answer + grace, checked at start."""

    lease_seconds: float = 30
    grace_seconds: float = 10
    intent_batch: int | None = Field(default=None, ge=1, le=500)
    """Intents committed together; absent: the gateway's window; fewer where it is slow. What was intended and has
    no outcome is in doubt after a crash: two such batches of each gateway at most, and one of reds."""
    silent_after_seconds: float = 120
    """Accepted and no receipt for so long: silent."""
    line_seconds: float = Field(default=15, ge=9, le=20)
    """The lease of a line that one process at a time may bind: after a crash another engine has it so late."""
    confirmed_after_seconds: float = 40
    """By then nearly every receipt has come; a gateway of which none has is a black hole."""


class Drill(_Section):
    """The drill beside this installation: nothing of it may be the live one's."""

    gateways: tuple[AnyGateway, ...] = ()
    sources: tuple[Source, ...] = ()
    operator_token: SecretStr | None = Field(None, min_length=1)
    link_key: SecretStr | None = Field(None, min_length=1)
    """Absent: made once in the drill's own folder, `drill` in the data folder."""
    http: Http = Http(port=8081, public_url="http://127.0.0.1:8081")
    kafka: Kafka | None = None
    database: SecretStr | None = None
    """DSN of the role that may only drill, in the live database; needed where `database` is."""


class Trial(_Section):
    """Where a trial's digests go: to the duty room, and nothing goes anywhere else."""

    sms: tuple[Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")], ...] = ()
    """Mobiles of the duty room: +8613800000000"""
    email: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = ()

    @model_validator(mode="after")
    def _somebody_reads(self) -> Self:
        if not self.sms and not self.email:
            raise ValueError("name at least one mobile (sms) or mailbox (email) of the duty room")
        return self


class Canary(_Section):
    """The test message that flies through every way in and every gateway that has a `canary` address."""

    every_seconds: float = Field(default=60, ge=1)


class Alive(_Section):
    """The sign of life that goes out while everything is well; whoever hears none must ring."""

    url: str = Field(pattern=r"^https?://.+$")
    """POST, no body. On another machine, with other power and another network."""
    every_seconds: float = Field(default=30, ge=1)


class RollCall(_Section):
    """The evening roll-call (点名), which proves that numbers are right and posts are held."""

    at: time = time(17, 30)
    """By Beijing time."""
    months: tuple[int, ...] = (5, 6, 7, 8, 9)
    """The flood season."""
    posts: tuple[str, ...] = ("duty",)
    """Which posts of every unit are called."""
    within_minutes: int = Field(default=30, ge=1, le=240)
    """Until it is closed, and whoever has not answered is on the duty room's list."""


class Retention(_Section):
    """How long what is about people is kept. Raw warnings, orders and their texts stay for ever."""

    years: int | None = Field(default=None, ge=LEAST_YEARS)
    """Messages, attempts, receipts, replies, answers and the record go month by month after so many years, never
    under five, and never what is open; absent: they stay."""
    named_years: int | None = Field(default=None, ge=1)
    """Numbers, mailboxes and words of people are taken out of what is kept after so many years; absent: they
    stay."""

    @model_validator(mode="after")
    def _names_go_first(self) -> Self:
        if self.years and self.named_years and self.named_years > self.years:
            raise ValueError(
                f"named_years {self.named_years} is after years {self.years}: nothing is left by then"
            )
        return self


class Settings(BaseSettings):
    """Everything that an operator decides; the bureau's decisions are in the rule book."""

    model_config = SettingsConfigDict(
        env_prefix="WARNENGINE_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data: Path = Path("data")
    """The data folder: embedded database, keys, spool."""
    database: SecretStr | None = None
    """DSN of a PostgreSQL ≥ 15, or of a primary and its standbys (postgresql://user@one:5432,two:5432/name);
    absent: the embedded one, in the data folder."""
    rules: Path = Path("rules")
    templates: Path = Path("templates")
    spool: Path | None = None
    """A folder that warnings are dropped into as files; absent: `spool` in the data folder."""
    kafka: Kafka | None = None
    http: Http = Http()
    gateways: tuple[AnyGateway, ...] = ()
    sources: tuple[Source, ...] = ()
    operator_token: SecretStr | None = Field(None, min_length=1)
    """Token of the duty room's clients: approvals, tasks, lists."""
    operators: tuple[Operator, ...] = ()
    """Who orders by hand, records what was said by telephone, ends a stop: under a name, two of them at least."""
    link_key: SecretStr | None = Field(None, min_length=1)
    """Signs official's links; absent: made once in the data folder. Several engines need the same one."""
    dispatch: Dispatch = Dispatch()
    installation: Literal["live", "demo", "drill", "trial"] = "live"
    """demo: a folder whose clock may be set; refused wherever live orders ever stood. trial: live input,
    everything computed, only the duty room receives. drill: made by `warnengine drill`, never written here."""
    drill: Drill | None = None
    """The drill beside this installation, for `warnengine drill`; absent: exercises are only shown."""
    trial: Trial | None = None
    """Who receives in a trial."""

    canary: Canary = Canary()
    account_seconds: float = Field(default=3600, ge=60)
    """Between two accounts: warnings, orders, people, accepted, delivered, acked, and 0 unexplained."""
    ballast_megabytes: int | None = Field(default=None, ge=0)
    """A file in the data folder that is removed when the disk is nearly full, so that sending goes on; absent:
    256, in a demo 8. 0: none."""
    backups: Path | None = None
    """The folder that backups are written to; `doctor` watches the age of the newest."""
    retention: Retention = Retention()
    roll_call: RollCall | None = None
    """Absent: none by itself; `warnengine report roll-call --start` makes one at any time."""
    alive: Alive | None = None
    """Absent: nobody outside learns when this engine dies."""

    anchor: Path | None = None
    """Where the head of the audit chain is written down every few seconds, best on another disk or machine;
    absent: `anchors` in the data folder. What is cut off the end of the chain is found by it alone."""

    @property
    def anchors(self) -> Path:
        """The file of the anchors."""
        return self.anchor or self.data / "anchors"

    @property
    def server(self) -> Path:
        """The folder of the embedded database: a drill has its schema in the live one's."""
        return self.data.parent if self.installation == "drill" else self.data

    @property
    def ballast_bytes(self) -> int:
        """How large the ballast is."""
        usual = 8 if self.installation == "demo" else 256
        return (usual if self.ballast_megabytes is None else self.ballast_megabytes) << 20

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then the TOML file."""
        file = os.environ.get("WARNENGINE_CONFIG")
        toml = (TomlConfigSettingsSource(settings_cls, Path(file)),) if file else ()
        return (init_settings, env_settings, *toml)
