"""The gateways' process as its clients see it: real clients of other authors on the real protocols."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import aiosmtplib
import pytest
import smpplib.client
import smpplib.gsm
from aiohttp import web
from py_vapid import Vapid02
from pywebpush import WebPushException, webpush_async

from tests.waiting import LONGEST
from warnengine.demo import phones
from warnengine.demo.phones import Temper
from warnengine.demo.sink import Entry, entries

HOST = "127.0.0.1"
EVENING = "2026-07-26T19:13:00+08:00"
ASKS = "【铜梁应急】暴雨红色 安居镇:06:25前撤离涪江225米线下住户,先老弱。收到回1,撤完回3加人数。"
LONG = "【铜梁应急】" + "暴雨红色预警信号。" * 16
OURS = "10690000"
Found = TypeVar("Found")


def somebody(temper: Temper, wanted: Callable[[str], bool] = lambda number: True) -> str:
    """The number of somebody of that kind."""
    numbers = (f"+861990000{n:04}" for n in range(9999))
    return next(number for number in numbers if phones.temper(number) is temper and wanted(number))


async def until(look: Callable[[], Found]) -> Found:
    """Look until something is there; TimeoutError after LONGEST seconds."""
    async with asyncio.timeout(LONGEST):
        while not (found := look()):
            await asyncio.sleep(0.02)
        return found


class Gateways:
    """The process under test."""

    def __init__(self, folder: Path, callback: str) -> None:
        self._command = ("-m", "warnengine.demo.gateways", "--folder", str(folder), "--callback", callback)
        self._log = folder / "sink.jsonl"
        self._process: Process | None = None
        self.ports: dict[str, int] = {}

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(sys.executable, *self._command, stdout=PIPE)
        assert self._process.stdout
        self.ports = json.loads(await asyncio.wait_for(self._process.stdout.readline(), LONGEST))

    async def kill(self) -> None:
        assert self._process
        self._process.kill()
        await self._process.wait()

    def log(self, event: str, to: str) -> list[Entry]:
        return [entry for entry in entries(self._log) if (entry["event"], entry["to"]) == (event, to)]

    async def ask(self, method: str, path: str, **body: object) -> Any:
        address = f"http://{HOST}:{self.ports['control']}{path}"
        async with aiohttp.request(method, address, json=body or None) as answer:
            assert answer.ok, await answer.text()
            return await answer.json() if answer.status == 200 else None

    async def next(self) -> str:
        return str((await self.ask("GET", "/state"))["next"])


class Esme:
    """A client of the library smpplib; `status` is what it answers to deliver_sm."""

    def __init__(self, port: int) -> None:
        self.client = smpplib.client.Client(HOST, port, timeout=LONGEST, allow_unknown_opt_params=True)
        self.sent: list[str] = []
        self.came: list[Any] = []
        self.status = 0
        self.client.set_message_sent_handler(lambda pdu: self.sent.append(pdu.message_id.decode()))
        self.client.set_message_received_handler(self._received)
        self.client.connect()
        self.client.bind_transceiver(system_id="demo", password="demo")

    def _received(self, pdu: Any) -> int:
        self.came.append(pdu)
        return self.status

    def submit(self, to: str, text: str) -> int:
        parts, coding, flag = smpplib.gsm.make_parts(text)
        for part in parts:
            self.client.send_message(
                source_addr=OURS,
                destination_addr=to.lstrip("+"),
                short_message=part,
                data_coding=coding,
                esm_class=flag,
                registered_delivery=True,
            )
        return len(parts)

    def receipts(self) -> list[str]:
        self.client.poll()
        return [pdu.short_message.decode() for pdu in self.came if pdu.esm_class == 4 and self.status == 0]

    def replies(self) -> list[tuple[str, str, str]]:
        self.client.poll()
        return [
            (pdu.source_addr.decode(), pdu.destination_addr.decode(), pdu.short_message.decode("utf-16-be"))
            for pdu in self.came
            if pdu.esm_class == 0
        ]


class Engine:
    """Stands where the engine's pages and callbacks are."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, dict[str, Any]]] = []
        self.address = ""

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, HOST, 0).start()
        self.address = f"http://{HOST}:{runner.addresses[0][1]}"
        return runner

    async def _take(self, request: web.Request) -> web.Response:
        json_body = request.content_type == "application/json"
        self.got.append(
            (request.method, request.path, await request.json() if json_body else dict(await request.post()))
        )
        return web.Response(text="ok")

    def of(self, path: str) -> list[dict[str, Any]]:
        return [body for method, where, body in self.got if (method, where) == ("POST", path)]


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = Engine()
    runner = await engine.start()
    yield engine
    await runner.cleanup()


@pytest.fixture
async def gateways(tmp_path: Path, engine: Engine) -> AsyncIterator[Gateways]:
    gateways = Gateways(tmp_path, f"{engine.address}/v1/callbacks/sms-http")
    await gateways.start()
    yield gateways
    await gateways.kill()


@pytest.fixture
def bind(gateways: Gateways) -> Iterator[Callable[[], Esme]]:
    """Opens one more session."""
    opened: list[Esme] = []

    def bound() -> Esme:
        opened.append(Esme(gateways.ports["smpp"]))
        return opened[-1]

    yield bound
    for esme in opened:
        esme.client.disconnect()


@pytest.fixture
def esme(bind: Callable[[], Esme]) -> Esme:
    return bind()


class TestSmpp:
    async def test_a_long_text_arrives_whole_and_each_part_has_a_receipt(
        self, gateways: Gateways, esme: Esme
    ) -> None:
        to = somebody(Temper.NEVER)
        assert esme.submit(to, LONG) == 3
        receipts = await until(lambda: [] if len(esme.receipts()) < 3 else esme.receipts())
        [message] = gateways.log("message", to)
        assert message["text"] == LONG
        assert sorted(message["ids"]) == sorted(esme.sent)
        assert all(f"id:{provider_id} " in "".join(receipts) for provider_id in esme.sent)
        assert all("stat:DELIVRD" in receipt for receipt in receipts)
        await until(lambda: len(gateways.log("receipt", to)) == 3)

    async def test_a_dead_number_is_reported_undelivered_and_never_answers(
        self, gateways: Gateways, esme: Esme
    ) -> None:
        await gateways.ask("POST", "/clock", now=EVENING)
        to = somebody(Temper.DEAD)
        esme.submit(to, ASKS)
        [receipt] = await until(esme.receipts)
        assert "stat:UNDELIV" in receipt
        assert gateways.log("message", to)[0]["fate"] == "undelivered"
        assert await gateways.next() == "None"

    async def test_a_reply_comes_when_engine_time_comes_to_it(self, gateways: Gateways, esme: Esme) -> None:
        await gateways.ask("POST", "/clock", now=EVENING)
        to = somebody(Temper.PROMPT)
        esme.submit(to, ASKS)
        await until(esme.receipts)
        due = await gateways.next()
        assert datetime.fromisoformat(due) > datetime.fromisoformat(EVENING)
        assert not esme.replies()
        await gateways.ask("POST", "/clock", now=due)
        [(sender, ours, text)] = await until(esme.replies)
        assert (f"+86{sender}", ours, text) == (to, OURS, phones.react(to, ASKS)[0].text)
        await until(lambda: gateways.log("reply", to))

    async def test_what_the_engine_refuses_is_handed_over_again(self, gateways: Gateways, esme: Esme) -> None:
        to = somebody(Temper.NEVER)
        esme.status = 0x64
        esme.submit(to, ASKS)
        await until(lambda: esme.receipts() or len(esme.came) > 1)
        assert not gateways.log("receipt", to)
        esme.status = 0
        await until(lambda: esme.receipts() and gateways.log("receipt", to))

    async def test_a_mute_line_answers_nothing_and_takes_nothing(
        self, gateways: Gateways, esme: Esme, bind: Callable[[], Esme]
    ) -> None:
        to = somebody(Temper.NEVER)
        await gateways.ask("POST", "/fault", gateway="smpp", mode="mute")
        esme.submit(to, ASKS)
        await gateways.ask("POST", "/fault", gateway="smpp", mode="ok")
        with pytest.raises((OSError, smpplib.exceptions.ConnectionError)):
            await until(esme.receipts)
        assert not gateways.log("part", to)
        again = bind()
        again.submit(to, ASKS)
        await until(again.receipts)

    async def test_a_killed_process_still_owes_what_it_owed(
        self, gateways: Gateways, esme: Esme, bind: Callable[[], Esme]
    ) -> None:
        await gateways.ask("POST", "/clock", now=EVENING)
        to, before = somebody(Temper.PROMPT), gateways.ports
        esme.submit(to, ASKS)
        await until(lambda: gateways.log("message", to))
        await gateways.kill()
        await gateways.start()
        assert gateways.ports == before
        again = bind()
        await until(again.receipts)
        await gateways.ask("POST", "/clock", now=await gateways.next())
        await until(again.replies)


class TestHttp:
    CALLBACK = "/v1/callbacks/sms-http"

    async def _send(self, gateways: Gateways, to: str, text: str) -> list[str]:
        async with aiohttp.request(
            "POST",
            f"http://{HOST}:{gateways.ports['sms_http']}/send",
            json={"id": "a", "dedupe_id": "b", "to": to, "text": text, "expires_in": 60, "urgent": True},
            headers={"Authorization": "Bearer demo"},
        ) as answer:
            ids: list[str] = (await answer.json())["ids"]
            return ids

    async def test_gives_an_id_and_a_receipt_for_each_part(self, gateways: Gateways, engine: Engine) -> None:
        to = somebody(Temper.NEVER)
        ids = await self._send(gateways, to, LONG)
        receipts = await until(lambda: got if len(got := engine.of(self.CALLBACK)) == 3 else [])
        assert sorted(receipt["id"] for receipt in receipts) == sorted(ids)
        assert {receipt["status"] for receipt in receipts} == {"delivered"}
        assert gateways.log("message", to)[0]["text"] == LONG

    async def test_reports_a_dead_number(self, gateways: Gateways, engine: Engine) -> None:
        await self._send(gateways, somebody(Temper.DEAD), ASKS)
        [receipt] = await until(lambda: engine.of(self.CALLBACK))
        assert (receipt["status"], receipt["code"]) == ("failed", "UNDELIV")

    async def test_replies_come_by_the_same_way(self, gateways: Gateways, engine: Engine) -> None:
        await gateways.ask("POST", "/clock", now=EVENING)
        to = somebody(Temper.PROMPT)
        await self._send(gateways, to, ASKS)
        await gateways.ask("POST", "/clock", now=await gateways.next())
        replies = await until(lambda: [got for got in engine.of(self.CALLBACK) if "text" in got])
        assert replies[0] == {"from": to.removeprefix("+86"), "to": "", "text": phones.react(to, ASKS)[0].text}


class TestPeople:
    async def test_some_open_the_link_and_press_the_button(
        self, gateways: Gateways, esme: Esme, engine: Engine
    ) -> None:
        await gateways.ask("POST", "/clock", now=EVENING)
        to = somebody(Temper.LINK)
        esme.submit(to, f"{ASKS}详见{engine.address}/a/Kx7mPq2RtWz")
        await until(esme.receipts)
        await gateways.ask("POST", "/clock", now=await gateways.next())
        await until(lambda: gateways.log("page", to))
        assert engine.got[0][:2] == ("GET", "/a/Kx7mPq2RtWz")
        assert engine.of("/a/Kx7mPq2RtWz") == [{"step": "1"}]

    async def test_an_all_clear_ends_what_they_had_in_mind(self, gateways: Gateways, esme: Esme) -> None:
        await gateways.ask("POST", "/clock", now=EVENING)
        to = somebody(Temper.PROMPT)
        esme.submit(to, ASKS)
        esme.submit(to, "【铜梁应急】暴雨红色已解除,安居镇恢复正常。")
        await until(lambda: len(esme.receipts()) == 2)
        assert await gateways.next() == "None"


class TestMail:
    async def _send(self, gateways: Gateways, to: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "duty@tongliang.example", to, "暴雨红色 安居镇"
        mail["Message-ID"] = "<abc@tongliang.example>"
        mail.set_content(ASKS)
        await aiosmtplib.send(mail, hostname=HOST, port=gateways.ports["smtp"], start_tls=False)

    async def test_is_taken_and_written_down(self, gateways: Gateways) -> None:
        to = next(f"m{n}@x.example" for n in range(99) if phones.mailbox_exists(f"m{n}@x.example"))
        await self._send(gateways, to)
        [message] = gateways.log("message", to)
        assert (message["text"], message["subject"], message["ids"]) == (
            ASKS,
            "暴雨红色 安居镇",
            ["<abc@tongliang.example>"],
        )

    async def test_to_a_closed_mailbox_is_refused(self, gateways: Gateways) -> None:
        to = next(f"m{n}@x.example" for n in range(999) if not phones.mailbox_exists(f"m{n}@x.example"))
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await self._send(gateways, to)
        assert gateways.log("refused", to)[0]["fate"] == "bad_address"


class TestPush:
    async def _subscription(
        self, gateways: Gateways, esme: Esme, engine: Engine, *, removed: bool
    ) -> dict[str, Any]:
        """Somebody opens the link on a phone that takes push messages, and the page is told of it."""
        to = somebody(Temper.LINK, lambda number: _pushes(number, removed=removed))
        await gateways.ask("POST", "/clock", now=EVENING)
        esme.submit(to, f"{ASKS}详见{engine.address}/a/Kx7mPq2RtWz")
        await until(esme.receipts)
        await gateways.ask("POST", "/clock", now=await gateways.next())
        [subscription] = await until(lambda: engine.of("/a/Kx7mPq2RtWz/push"))
        return {key: value for key, value in subscription.items() if value}

    async def _push(self, subscription: dict[str, Any], key: Vapid02) -> None:
        notice = json.dumps({"title": "暴雨红色", "body": ASKS})
        await webpush_async(
            subscription, notice, vapid_private_key=key, vapid_claims={"sub": "mailto:duty@x.example"}, ttl=60
        )

    async def test_is_decrypted_and_written_down(self, gateways: Gateways, esme: Esme, engine: Engine) -> None:
        subscription = await self._subscription(gateways, esme, engine, removed=False)
        key = Vapid02()
        key.generate_keys()
        await self._push(subscription, key)
        [message] = gateways.log("message", subscription["endpoint"])
        assert (message["text"], message["subject"]) == (ASKS, "暴雨红色")
        assert message["owner"].lstrip("+") == subscription["endpoint"].rpartition("/")[2]

    async def test_a_removed_browser_answers_gone(self, gateways: Gateways, esme: Esme, engine: Engine) -> None:
        subscription = await self._subscription(gateways, esme, engine, removed=True)
        key = Vapid02()
        key.generate_keys()
        await self._push(subscription, key)
        await self._push(subscription, key)
        with pytest.raises(WebPushException, match="410"):
            await self._push(subscription, key)
        assert gateways.log("refused", subscription["endpoint"])[0]["fate"] == "410"


def _pushes(number: str, *, removed: bool) -> bool:
    return phones.takes_push(number) and phones.removes_push(number) == removed
