"""A contract is kept by all engines together, not by each of them."""

from __future__ import annotations

from typing import Any

from tests.replicas.test_held_line import LEASE, as_awaited, running
from tests.waiting import until
from warnengine.acknowledge.inbox import StoredInbox
from warnengine.app import standing
from warnengine.app.channels import channel_of, shared
from warnengine.dispatch.channel import Channel, Inbox
from warnengine.dispatch.channels.held import HeldLine
from warnengine.settings import HttpGateway
from warnengine.store.database import Database
from warnengine.store.lines import LineStore


def line(database: Database, owner: str, **more: Any) -> Channel:
    """A gateway by HTTP as one engine has it."""
    fields = {"name": "web", "url": "http://127.0.0.1:9", "profile": "json", "callback_secret": "of this test"}
    values = {"token": "of this test"}
    gateway = HttpGateway.model_validate({"kind": "sms_http", **fields, "values": values, **more})
    inbox: Inbox = object.__new__(StoredInbox)  # nothing comes back here
    return shared(channel_of(gateway, inbox), gateway, LineStore(database, owner), LEASE)


async def test_a_gateway_with_a_contract_rate_is_used_by_one_engine_at_a_time(database: Database) -> None:
    first = line(database, "here:1:aa", rate=100)
    second = line(database, "there:2:bb", rate=100)
    assert isinstance(first, HeldLine)
    assert isinstance(second, HeldLine)
    async with running(first):
        await until(as_awaited(first.ours))
        async with running(second):
            await until(as_awaited(lambda: bool(second.holder)))
            assert standing.used([first, second]) == [first]
            assert not second.ours()


async def test_a_gateway_without_one_is_used_by_all(database: Database) -> None:
    lines = [line(database, owner) for owner in ("here:1:aa", "there:2:bb")]
    assert standing.used(lines) == lines
    assert not any(isinstance(one, HeldLine) for one in lines)
