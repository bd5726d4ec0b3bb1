"""The HTTP channel in front of a real Kannel (bearerbox, smsbox), which speaks SMPP to a real SMSC behind it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.conformance import BOUND, TEXTS, Recorder, outgoing, running, until
from tests.channels.http_peers import Callbacks, settings
from tests.channels.smpp_peers import SOURCE, NodePeer
from warnengine.demo.relay import free_port
from warnengine.dispatch.channel import Accepted, ChannelError, Fate, Reason
from warnengine.dispatch.channels.sms_http import HttpSmsChannel

CONF = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = admin
smsbox-port = {box}
smsbox-interface = 127.0.0.1
store-type = file
store-location = {folder}/store
log-file = {folder}/bearerbox.log

group = smsc
smsc = smpp
smsc-id = line
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
reconnect-delay = 1
msg-id-type = 0x00

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
sendsms-interface = 127.0.0.1
log-file = {folder}/smsbox.log

group = sendsms-user
username = tongliang
password = secret
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
post-url = "{callback}?from=%p&to=%P&coding=%c"
"""


class Kannel:
    """bearerbox and smsbox, with npm smpp's server as the SMSC behind them."""

    def __init__(self, folder: Path) -> None:
        self.smsc = NodePeer()
        self.callbacks = Callbacks()
        self.inbox = Recorder()
        self._folder = folder
        self._http = free_port()
        self._boxes: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        await self.smsc.start()
        await self.callbacks.site.start()
        conf = self._folder / "kannel.conf"
        conf.write_text(
            CONF.format(
                admin=free_port(),
                box=free_port(),
                http=self._http,
                smsc=self.smsc.port,
                folder=self._folder,
                callback=f"{self.callbacks.site.url}/callback",
            )
        )
        for box in ("bearerbox", "smsbox"):
            program = (shutil.which(box) or box, "-v", "4", str(conf))
            quiet = asyncio.subprocess.DEVNULL
            self._boxes.append(await asyncio.create_subprocess_exec(*program, stdout=quiet, stderr=quiet))
            await until(lambda box=box: (self._folder / f"{box}.log").exists(), f"{box} has started")  # type: ignore[misc]

    async def end(self) -> None:
        for box in reversed(self._boxes):
            if box.returncode is None:
                box.terminate()
            async with asyncio.timeout(BOUND):
                await box.wait()
        await self.callbacks.site.stop()
        await self.smsc.stop()
        await self.smsc.end()

    def channel(self, password: str = "secret") -> HttpSmsChannel:
        values = {
            "username": "tongliang",
            "password": password,
            "from": SOURCE,
            "callback": f"{self.callbacks.site.url}/callback",
        }
        url = f"http://127.0.0.1:{self._http}/cgi-bin/sendsms"
        channel = HttpSmsChannel(settings(url, "kannel", values), self.inbox)
        self.callbacks.channel, self.callbacks.inbox = channel, self.inbox
        return channel

    async def accepted(self, channel: HttpSmsChannel, text: str, delivery: int = 1) -> Accepted:
        """Send once the boxes have found each other."""
        async with asyncio.timeout(BOUND):
            while True:
                try:
                    return await channel.send(outgoing(self.smsc.address, text, delivery=delivery))
                except ChannelError as error:
                    if not error.retry:
                        raise
                    await asyncio.sleep(0.1)


@pytest.fixture
async def kannel(tmp_path: Path) -> AsyncIterator[Kannel]:
    if not (shutil.which("bearerbox") and shutil.which("smsbox")):
        pytest.skip("Kannel is not installed (bearerbox, smsbox)")
    kannel = Kannel(tmp_path)
    try:
        await kannel.start()
        yield kannel
    finally:
        await kannel.end()


async def test_kannel_carries_text_receipt_and_reply(kannel: Kannel) -> None:
    channel = kannel.channel()
    async with running(channel, kannel.inbox):
        accepted = await kannel.accepted(channel, TEXTS["quotes, brackets, percent and backslash"])
        await until(lambda: bool(kannel.smsc.received), "the SMSC has the message")
        assert kannel.smsc.received == [
            (kannel.smsc.address, TEXTS["quotes, brackets, percent and backslash"]),
        ]
        assert kannel.smsc.submits[0]["validity"], "Kannel hands the validity on"
        assert await kannel.smsc.receipt(Fate.DELIVERED)
        await until(lambda: Fate.DELIVERED in [r.fate for r in kannel.inbox.receipts], "the receipt is here")
        assert {r.provider_id for r in kannel.inbox.receipts} == set(accepted.provider_ids)
        assert {r.address for r in kannel.inbox.receipts} == {kannel.smsc.address}
        assert await kannel.smsc.reply("收到，已转移35人🚶")
        assert await kannel.smsc.deliver({"data_coding": 0}, text="1 ok @home") == 0
        await until(lambda: len(kannel.inbox.replies) == 2, "both replies are here")
        assert {(reply.address, reply.to) for reply in kannel.inbox.replies} == {(kannel.smsc.address, SOURCE)}
        assert {reply.text for reply in kannel.inbox.replies} == {"收到，已转移35人🚶", "1 ok @home"}
        assert set(kannel.callbacks.statuses) == {200}


async def test_kannel_reports_failure_and_joins_long_texts(kannel: Kannel) -> None:
    channel = kannel.channel()
    async with running(channel, kannel.inbox):
        await kannel.accepted(channel, TEXTS["ten parts"])
        await until(lambda: bool(kannel.smsc.received), "the SMSC has all parts")
        assert kannel.smsc.received == [(kannel.smsc.address, TEXTS["ten parts"])]
        assert await kannel.smsc.receipt(Fate.FAILED)
        await until(lambda: Fate.FAILED in [r.fate for r in kannel.inbox.receipts], "the receipt is here")
        failed = next(r for r in kannel.inbox.receipts if r.fate is Fate.FAILED)
        assert failed.code == "UNDELIV"


async def test_kannel_refuses_a_wrong_password(kannel: Kannel) -> None:
    channel = kannel.channel(password="wrong")
    async with running(channel, kannel.inbox):
        await until(channel.healthy, "smsbox listens")
        with pytest.raises(ChannelError) as caught:
            await channel.send(outgoing(kannel.smsc.address))
        assert caught.value.reason is Reason.CREDENTIALS
        assert not channel.healthy()
