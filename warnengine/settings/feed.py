"""A feed that is polled for warnings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, IPvAnyNetwork, SecretStr, model_validator
from yarl import URL

from warnengine.settings.section import Section


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"follow {pattern!r} is no regular expression: {error}") from error
    return pattern


def _plain(url: str) -> str:
    found = URL(url)
    if found.scheme not in {"http", "https"} or not found.host:
        raise ValueError(f"url {url!r} must begin with https:// or http:// and name a host")
    if found.user or found.password:
        raise ValueError("a login does not belong into the url, which is kept with every warning: use `headers`")
    return url


class Feed(Section):
    """An Atom or RSS feed, or a list in JSON, that is asked again and again.

    What it lists comes in; what it lists no more is never taken as cancelled."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    """The source that its warnings are booked under."""
    title: str = Field(default="", max_length=40)
    """What the duty room calls it: 国家突发事件预警信息发布网. Absent: its name."""
    kind: Literal["atom", "rss", "json"]
    """atom, rss: entries that hold an alert, or link to one. json: the list is the document."""
    url: Annotated[str, AfterValidator(_plain)]
    interval_seconds: float = Field(default=60, ge=1, le=3600)
    """Between two polls, a tenth more or less. After a failure sooner, then ever later, at most a minute (or this,
    where it is longer)."""
    hosts: tuple[Annotated[str, Field(pattern=r"^[^/@\s]+$")], ...] = ()
    """Further hosts, as `host` or `host:port`, that links of its entries may lead to; its own always may."""
    inside: tuple[IPvAnyNetwork, ...] = ()
    """Networks of ours in which its hosts may be: ["10.21.0.0/16"]. Without it addresses that are private, of this
    machine or of the link are refused, whatever a name server says."""
    ca_file: Path | None = None
    """Certificate authority of its hosts; the system's own list when absent."""
    headers: dict[str, SecretStr] = {}
    """Sent to its own host alone: {"Authorization" = "Bearer …"}."""
    query: dict[str, SecretStr] = {}
    """Added to its own url and kept nowhere: {"key" = "…"}."""
    max_bytes: int = Field(default=4 << 20, ge=1024, le=64 << 20)
    """Of one document after unpacking."""
    connect_seconds: float = Field(default=5, gt=0, le=30)
    answer_seconds: float = Field(default=15, gt=0, le=30)
    """For one document, from the request to its last byte."""
    follow: Annotated[str, AfterValidator(_compiles)] = ""
    """A regular expression: only links in which it is found are followed. Absent: of each entry the link to a CAP
    document, else to an XML one, else its first."""
    in_flight: int = Field(default=4, ge=1, le=32)
    """Documents that are fetched at once."""
    revalidate_seconds: float = Field(default=600, ge=10)
    """After so long a listed document is asked for again, for it may have changed under the same address."""
    silent_minutes: float = Field(default=15, gt=0)
    """Without a poll that succeeds, or with a listed document that cannot be had, for so long: silent."""
    stale_hours: float | None = Field(default=None, gt=0)
    """Its newest warning is older than that: silent, for relays go on serving what they had. Absent: any age."""

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.title or self.name

    @model_validator(mode="after")
    def _patience_spans_polls(self) -> Self:
        if self.silent_minutes * 60 < 2 * self.interval_seconds:
            raise ValueError(
                f"feed {self.name}: silent_minutes must be at least two intervals ({self.interval_seconds:g} s)"
            )
        return self
