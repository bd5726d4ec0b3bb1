"""The live side and the drill side of one installation, and everything that they must not share. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from warnengine.model.errors import StartRefused
from warnengine.settings import (
    AnyGateway,
    CmppGateway,
    ExtraGateway,
    Gateway,
    HttpGateway,
    HttpLine,
    MqttGateway,
    PushGateway,
    Settings,
    SmppGateway,
    SmtpGateway,
    VoiceGateway,
    WecomGateway,
)

LOGINS = ("username", "user", "account", "ecName", "apId", "app_id", "access_key_id")
"""What vendors of HTTP lines call the login."""


def drill_side(settings: Settings) -> Settings:
    """The settings of the drill beside an installation; StartRefused where there is none or they would cross."""
    drill = settings.drill
    if drill is None:
        raise StartRefused(
            "no drill is set up: give it gateways, tokens and a port of its own (WARNENGINE_DRILL__GATEWAYS …, "
            "[drill] in the settings file); see docs/drill-and-trial.md"
        )
    side = settings.model_copy(
        update={
            "installation": "drill",
            "data": settings.data / "drill",
            "spool": None,
            "trial": None,
            "feeds": (),
            **{name: getattr(drill, name) for name in type(drill).model_fields},
        }
    )
    refuse_crossings(settings, side)
    return side


def refuse_crossings(live: Settings, drill: Settings) -> None:
    """Raise StartRefused where something of the drill is also the live one's."""
    found = list(crossings(live, drill))
    if found:
        raise StartRefused("drill and live must share nothing\n" + "\n".join(found))


def crossings(live: Settings, drill: Settings) -> Iterator[str]:
    """What both have, each with what to do."""
    here = {key: gateway.name for gateway in live.gateways for key in routes(gateway)}
    for gateway in drill.gateways:
        for name in sorted({here[key] for key in routes(gateway) if key in here}):
            yield (
                f"the drill's gateway {gateway.name} is the account or the number of the live gateway {name}: "
                "take another account"
            )
    if _tokens(live) & _tokens(drill):
        yield "a token or callback secret of the drill is also a live one: draw a new one, `openssl rand -hex 32`"
    for name in ("link_key", "database"):
        one, other = getattr(live, name), getattr(drill, name)
        if one is not None and one == other:
            yield f"{name} is the same in both: give the drill its own, WARNENGINE_DRILL__{name.upper()}"
    if live.database and not drill.database:
        yield "the live database has a DSN and the drill has none: set WARNENGINE_DRILL__DATABASE to its own role"
    if live.spool and live.spool.resolve() == drill_spool(drill.data).resolve():
        yield f"the live spool folder {live.spool} is the drill's: set WARNENGINE_SPOOL to another folder"
    yield from _addresses(live, drill)


def _addresses(live: Settings, drill: Settings) -> Iterator[str]:
    here, there = live.http, drill.http
    if here.port and (here.host, here.port) == (there.host, there.port):
        yield f"both listen on {here.host}:{here.port}: set WARNENGINE_DRILL__HTTP__PORT"
    if here.public_url.rstrip("/") == there.public_url.rstrip("/"):
        yield f"links of both begin with {here.public_url}: set WARNENGINE_DRILL__HTTP__PUBLIC_URL"
    if (
        live.kafka
        and drill.kafka
        and live.kafka.bootstrap == drill.kafka.bootstrap
        and (shared := sorted(live.kafka.topics & drill.kafka.topics))
    ):
        yield f"both use the topic {', '.join(shared)}: give the drill topics of its own"


def drill_spool(folder: Path) -> Path:
    """Where messages for the drill are dropped as files; folder: the drill's own."""
    return folder / "spool"


def _http(gateway: HttpLine) -> list[str]:
    return [f"http {gateway.url.rstrip('/')} {_login(gateway.values)}"]


ROUTES: dict[type[Gateway], Callable[[Any], list[str]]] = {
    SmppGateway: lambda g: [f"smpp {g.host}:{g.port} {g.system_id}", f"number {g.source}"],
    CmppGateway: lambda g: [f"cmpp {g.host}:{g.port} {g.company}", f"number {g.source}"],
    SmtpGateway: lambda g: [f"smtp {g.host}:{g.port} {g.username or ''}"],
    PushGateway: lambda g: [f"push {g.private_key.get_secret_value()}"],
    MqttGateway: lambda g: [f"mqtt {g.host}:{g.port} {g.username or ''}"],
    WecomGateway: lambda g: [f"wecom {g.corp_id} {g.agent_id}"],
    ExtraGateway: lambda g: [f"extra {g.url.get_secret_value()}"],
    HttpGateway: _http,
    VoiceGateway: _http,
}


def routes(gateway: AnyGateway) -> list[str]:
    """What makes two gateways one: account (host and login), and the number that people see and answer to."""
    return ROUTES[type(gateway)](gateway)


def fingerprints(settings: Settings, key: bytes) -> list[bytes]:
    """Of the accounts and the link key: what the other side may know of them."""
    of_accounts = (route for gateway in settings.gateways for route in routes(gateway))
    return [hashlib.sha256(f"route {route}".encode()).digest() for route in of_accounts] + [
        hashlib.sha256(b"link key " + key).digest()
    ]


def _login(values: dict[str, SecretStr]) -> str:
    known = [values[name].get_secret_value() for name in LOGINS if name in values]
    return " ".join(known or sorted(value.get_secret_value() for value in values.values()))


def _tokens(settings: Settings) -> set[str]:
    secrets = [source.token for source in settings.sources]
    secrets += [gateway.callback_secret for gateway in settings.gateways if isinstance(gateway, HttpLine)]
    if settings.operator_token:
        secrets.append(settings.operator_token)
    return {secret.get_secret_value() for secret in secrets}
