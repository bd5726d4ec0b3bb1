"""Settings: environment variables with the prefix WARNENGINE_, or a TOML file named by WARNENGINE_CONFIG.

One class per outside system. Secrets are never printed. Nested values are written with two underscores
(WARNENGINE_KAFKA__BOOTSTRAP); lists as JSON, or far more readably in the TOML file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from warnengine.settings.access import Http, Kafka, Operator, Source
from warnengine.settings.dispatch import AnyGateway, Dispatch
from warnengine.settings.feed import Feed
from warnengine.settings.gateway import Gateway, HttpLine
from warnengine.settings.keeping import Retention
from warnengine.settings.online import ExtraGateway, MqttGateway, PushGateway, SmtpGateway, WecomGateway
from warnengine.settings.rehearsal import Drill, Trial
from warnengine.settings.sms import CmppGateway, HttpGateway, SmppGateway
from warnengine.settings.trust import Trust
from warnengine.settings.voice import VoiceGateway, VoiceReport, VoiceVendor
from warnengine.settings.watch import Alive, Canary, RollCall

__all__ = [
    "Alive",
    "AnyGateway",
    "Canary",
    "CmppGateway",
    "Dispatch",
    "Drill",
    "ExtraGateway",
    "Feed",
    "Gateway",
    "Http",
    "HttpGateway",
    "HttpLine",
    "Kafka",
    "MqttGateway",
    "Operator",
    "PushGateway",
    "Retention",
    "RollCall",
    "Settings",
    "SmppGateway",
    "SmtpGateway",
    "Source",
    "Trial",
    "Trust",
    "VoiceGateway",
    "VoiceReport",
    "VoiceVendor",
    "WecomGateway",
]


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
    feeds: tuple[Feed, ...] = ()
    """Atom, RSS and JSON lists that are asked for warnings again and again."""
    kafka: Kafka | None = None
    http: Http = Http()
    gateways: tuple[AnyGateway, ...] = ()
    sources: tuple[Source, ...] = ()
    trust: dict[str, Trust] = {}
    """By the name of a source (of `sources`, of Kafka, spool, command): whose signatures count, and how old its
    messages may be. A source that is not named is asked for no signature."""
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
    samples_accepted: str = Field(default="", pattern=r"^([0-9a-f]{12,64})?$")
    """The beginning of the hash of a rule book that goes live with invented entries (`sample: true`): without it
    the first live start, and `trial go-live`, refuse such a book."""
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
