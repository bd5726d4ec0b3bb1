"""The sink counts what libraries that are not ours send it, and gives every text its receipt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib
import pytest
import smpplib.client
import smpplib.consts
from aiohttp import web

from tests.bench.process import Program, python
from tests.bench.sink.tally import Contract
from tests.waiting import until

Open = tuple[Program, dict[str, int]]


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[Open]:
    program = python(tmp_path / "sink.log", "tests.bench.sink")
    await program.start(answers=True)
    try:
        yield program, await program.heard()
    finally:
        await program.stop()


async def bound(port: int) -> smpplib.client.Client:
    client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True, timeout=10)
    await asyncio.to_thread(client.connect)
    await asyncio.to_thread(client.bind_transceiver, system_id="bench", password="bench")
    return client


def submitted(client: smpplib.client.Client, words: str) -> Any:
    octets = words.encode("utf-16-be")
    client.send_message(
        source_addr="10690000", destination_addr="8619900000001", short_message=octets, data_coding=8
    )
    return client.read_pdu()


async def test_a_text_by_smpp_is_taken_and_reported_delivered(sink: Open) -> None:
    program, ports = sink
    await program.asked({"reset": {"watch": "红色"}})
    client = await bound(ports["smpp"])
    answer = await asyncio.to_thread(submitted, client, "暴雨红色")
    report = await asyncio.to_thread(client.read_pdu)
    assert (answer.command, answer.status) == ("submit_sm_resp", 0)
    assert f"id:{answer.message_id.decode()} " in report.short_message.decode()
    assert b"stat:DELIVRD" in report.short_message
    assert (report.source_addr, report.destination_addr) == (b"8619900000001", b"10690000")
    seen = await program.asked({})
    assert (seen["smpp"]["taken"], seen["smpp"]["watched"]) == (1, 1)
    assert seen["smpp_receipts"]["taken"] == 0, "nobody has confirmed it"
    client.disconnect()


async def test_receipts_wait_for_the_flood_and_texts_beyond_the_contract_are_throttled(sink: Open) -> None:
    program, ports = sink
    await program.asked({"reset": {"receipts": "held", "contract": 1}})
    client = await bound(ports["smpp"])
    assert (await asyncio.to_thread(submitted, client, "一")).status == 0
    client.error_pdu_handler = lambda pdu: None
    assert (await asyncio.to_thread(submitted, client, "二")).status == smpplib.consts.SMPP_ESME_RTHROTTLED
    await program.asked({"flood": [1, 1]})
    assert (await asyncio.to_thread(client.read_pdu)).command == "deliver_sm"
    client.disconnect()


async def test_http_answers_pipelined_requests_and_calls_back(sink: Open) -> None:
    program, ports = sink
    told: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        told.extend(await request.json())
        return web.json_response({"ok": True})

    app = web.Application()
    app.router.add_post("/callback", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await program.asked({"reset": {"callback": f"http://127.0.0.1:{runner.addresses[0][1]}/callback"}})
    async with aiohttp.ClientSession(f"http://127.0.0.1:{ports['http']}") as client:
        async with client.post("/sms", json={"to": "+8619900000001", "text": "一"}) as answer:
            ids = (await answer.json())["ids"]
        async with client.post("/push/one", data=b"x") as answer:
            assert answer.status == 201

    async def called_back() -> bool:
        return told == [{"id": ids[0], "to": "+8619900000001", "status": "delivered"}]

    await until(called_back)
    reader, writer = await asyncio.open_connection("127.0.0.1", ports["http"])
    writer.write(b"POST /hook HTTP/1.1\r\nContent-Length: 2\r\n\r\nab" * 3)
    for _ in range(3):
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\nok")
    writer.close()
    seen = await program.asked({})
    assert (seen["http"]["taken"], seen["push"]["taken"]) == (4, 1)
    await runner.cleanup()


async def test_mail_is_counted(sink: Open) -> None:
    program, ports = sink
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.cn", "b@example.cn", "one"
    mail.set_content("line\n.dot\n")
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=ports["smtp"], start_tls=False)
    assert (await program.asked({}))["smtp"]["taken"] == 1


@pytest.mark.parametrize(
    ("most", "times", "admitted"),
    [
        pytest.param(0, [0, 0, 0], 3, id="no contract"),
        pytest.param(2, [0, 0.1, 0.2], 2, id="one too many"),
        pytest.param(2, [0, 0.5, 0.9, 1.0, 1.4, 1.5], 4, id="any second, not the clock's"),
    ],
)
def test_a_contract_holds_in_any_second(most: int, times: list[float], admitted: int) -> None:
    contract = Contract(most)
    assert sum(contract.admits(time) for time in times) == admitted
