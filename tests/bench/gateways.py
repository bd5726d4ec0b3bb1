"""The sink's doors as the engine's settings name them."""

from __future__ import annotations

from typing import Any

from warnengine.dispatch.channels.push_keys import new_vapid_key
from warnengine.settings import SmppGateway

Settings = dict[str, Any]
HOST, SECRET = "127.0.0.1", "bench"
RATED = "rate" in SmppGateway.model_fields
"""Whether a gateway can be told its contract."""


def smpp(ports: dict[str, int], window: int, contract: int = 0) -> Settings:
    """SMS by SMPP; `contract`: messages per second, where a gateway can be told."""
    told = {"rate": contract} if contract and RATED else {}
    return {
        "kind": "smpp", "name": "sms", "host": HOST, "port": ports["smpp"], "system_id": "bench",
        "password": "bench", "source": "10690000", "window": window, **told,
    }  # fmt: skip


def http(ports: dict[str, int], window: int) -> Settings:
    """SMS by HTTP, receipts by callback."""
    return {
        "kind": "sms_http", "name": "sms", "profile": "json", "url": f"http://{HOST}:{ports['http']}/sms",
        "values": {"token": "bench"}, "callback_secret": SECRET, "window": window,
    }  # fmt: skip


def smtp(ports: dict[str, int], window: int) -> Settings:
    return {
        "kind": "smtp", "name": "mail", "host": HOST, "port": ports["smtp"], "window": window,
        "sender": "铜梁应急 <duty@example.cn>",
    }  # fmt: skip


def push(window: int) -> Settings:
    return {
        "kind": "push", "name": "push", "private_key": new_vapid_key(), "subject": "mailto:duty@example.cn",
        "allow_http_loopback": True, "window": window,
    }  # fmt: skip


def callback(port: int) -> str:
    """Where the engine on this port takes the receipts of `http`."""
    return f"http://{HOST}:{port}/v1/callbacks/sms/{SECRET}"
