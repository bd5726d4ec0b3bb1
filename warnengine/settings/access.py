"""Where the engine listens, and who may speak to it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from warnengine.settings.section import Section


class Kafka(Section):
    """The broker that warnings come in by and events go out by; absent: neither."""

    bootstrap: str
    """host:port,host:port"""
    group: str = "warnengine"
    warnings: str = "warnengine.warnings"
    observations: str = "warnengine.observations"
    """Read by a group of its own, named like `group` with `.observations` behind it."""
    rejected: str = "warnengine.rejected"
    events: str = "warnengine.events"
    source: str = "kafka"
    """The source that messages of these topics are booked under."""

    @property
    def topics(self) -> frozenset[str]:
        """All that an installation uses."""
        return frozenset({self.warnings, self.observations, self.rejected, self.events})


class Source(Section):
    """One way in, with its own token."""

    name: str
    token: SecretStr = Field(min_length=1)


class Operator(Section):
    """Somebody who works with the engine under their own name."""

    name: str = Field(min_length=1, max_length=40)
    """As it stands in the record: 张三."""
    role: Literal["duty", "bureau", "leader"]
    """值班员 stops, orders by hand and records; 带班领导 also lets through what a limit has held; the bureau
    reads, and may stop."""
    token: SecretStr = Field(min_length=1)
    person: str | None = None
    """Their key in the address list: nobody records their own word."""


class Http(Section):
    """Where the engine listens."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: str = "http://127.0.0.1:8080"
    """What official's links begin with; short, for it stands in SMS texts."""
