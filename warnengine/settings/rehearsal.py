"""Drill (演练) and trial (试运行): what runs where nothing may reach the officials as live."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from warnengine.settings.access import Http, Kafka, Source
from warnengine.settings.dispatch import AnyGateway
from warnengine.settings.section import Section


class Drill(Section):
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


class Trial(Section):
    """Where a trial's digests go: to the duty room, and nothing goes anywhere else."""

    sms: tuple[Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")], ...] = ()
    """Mobiles of the duty room: +8613800000000"""
    email: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = ()

    @model_validator(mode="after")
    def _somebody_reads(self) -> Self:
        if not self.sms and not self.email:
            raise ValueError("name at least one mobile (sms) or mailbox (email) of the duty room")
        return self
