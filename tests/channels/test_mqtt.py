"""What is particular to loudspeakers and the app: who is there, what is kept, and what the broker tells us."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from pydantic import ValidationError

from tests.channels.conformance import BOUND, ORDER, Line, Recorder, outgoing, running, until
from tests.channels.mqtt_peers import MOSQUITTO, REASON, Device, Mosquitto, Watched, mqtt_settings
from warnengine.dispatch.channel import ChannelError, Fate, Reason, Receipt, Reply
from warnengine.dispatch.channels.http_profile import Unreadable
from warnengine.dispatch.channels.mqtt import MqttChannel
from warnengine.dispatch.channels.mqtt_messages import Status, listened_to, payload_of, read, topic_of
from warnengine.dispatch.channels.voice_profiles import call_of

needs_mosquitto = pytest.mark.skipif(not MOSQUITTO, reason=REASON)
APP = {"serves": "app", "name": "app", "replies": "tongliang/{address}/reply"}


@pytest.fixture
async def broker() -> AsyncIterator[Mosquitto]:
    broker = Mosquitto()
    await broker.start()
    yield broker
    await broker.end()


@pytest.fixture
async def line(broker: Mosquitto) -> AsyncIterator[Line]:
    inbox = Recorder()
    async with running(MqttChannel(mqtt_settings(broker.port), inbox), inbox) as line:
        await until(line.channel.healthy, "the channel is connected")
        yield line


async def device(broker: Mosquitto, name: str = "anju-1") -> Device:
    device = Device(broker.port, name)
    await until(lambda: device.listening, "the device listens")
    return device


async def refused(line: Line, address: str) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await line.send(outgoing(address))
    return caught.value


async def outcomes(line: Line, wanted: str) -> None:
    """Send until that comes of it."""
    async with asyncio.timeout(BOUND):
        while await outcome(line) != wanted:
            await asyncio.sleep(0.01)


async def outcome(line: Line) -> str:
    try:
        await line.send(outgoing("anju-1"))
    except ChannelError as error:
        return error.detail
    return "accepted"


@needs_mosquitto
class TestDevices:
    async def test_a_loudspeaker_that_never_was_there_has_not_got_it(self, line: Line) -> None:
        error = await refused(line, "nobody-1")
        assert (error.reason, error.retry) == (Reason.OFFLINE, True)

    async def test_a_loudspeaker_without_power_is_offline_until_it_says_otherwise(
        self, broker: Mosquitto, line: Line
    ) -> None:
        lamp = await device(broker)
        await line.send(outgoing("anju-1"))
        lamp.crash()
        await outcomes(line, "the device anju-1 is offline")
        again = await device(broker)
        again.say("status", b"online", retain=True)
        await outcomes(line, "accepted")
        again.end()

    async def test_nothing_is_kept_for_whoever_subscribes_later(self, broker: Mosquitto, line: Line) -> None:
        first = await device(broker)
        await line.send(outgoing("anju-1"))
        await until(lambda: bool(first.heard), "it is heard")
        first.end()
        second = await device(broker)
        await line.send(outgoing("anju-1", "【铜梁应急】后来"))
        await until(lambda: bool(second.heard), "the later one is heard")
        assert [entry["speech"] for entry in second.heard] == [
            "这里是铜梁应急。后来。再播一遍。这里是铜梁应急。后来。"
        ]
        assert second.retained == [False]
        second.end()

    async def test_what_devices_say_while_no_engine_listens_is_kept(self, broker: Mosquitto) -> None:
        inbox, settings = Recorder(), mqtt_settings(broker.port)
        async with running(MqttChannel(settings, inbox), inbox) as line:
            await until(line.channel.healthy, "the channel is connected")
        speaker = await device(broker)
        speaker.say("receipt", b'{"id": "0000000000000001", "result": "played"}')
        async with running(MqttChannel(settings, inbox), inbox):
            await until(lambda: bool(inbox.receipts), "the receipt has come")
        speaker.end()

    async def test_what_was_not_stored_when_the_engine_died_comes_again(self, broker: Mosquitto) -> None:
        dying, inbox, settings = Recorder(failing=True), Recorder(), mqtt_settings(broker.port)
        watched = Watched(dying)
        speaker = await device(broker)
        async with running(MqttChannel(settings, watched), dying) as line:
            await until(line.channel.healthy, "the channel is connected")
            speaker.say("receipt", b'{"id": "0000000000000001", "result": "played"}')
            await until(lambda: watched.refused > 0, "it could not be stored")
        async with running(MqttChannel(settings, inbox), inbox):
            await until(lambda: bool(inbox.receipts), "the broker has repeated it")
        speaker.end()

    async def test_what_is_not_understood_is_counted_and_disturbs_nothing(
        self, broker: Mosquitto, line: Line
    ) -> None:
        before = REGISTRY.get_sample_value("ews_callbacks_unreadable_total", {"gateway": "speakers"}) or 0
        speaker = await device(broker)
        for payload in (b"", b"\xff\x00", b"[" * 100_000, b'{"id": "a\\u0000b", "result": "played"}'):
            speaker.say("receipt", payload)
        speaker.say("receipt", b'{"id": "1", "result": "played"}')
        await until(lambda: bool(line.inbox.receipts), "the good one has come")
        found = REGISTRY.get_sample_value("ews_callbacks_unreadable_total", {"gateway": "speakers"})
        assert found == before + 4
        assert [receipt.provider_id for receipt in line.inbox.receipts] == ["1"]
        speaker.end()


@needs_mosquitto
class TestBroker:
    async def test_it_comes_back_after_the_broker_was_killed(self, broker: Mosquitto, line: Line) -> None:
        await broker.kill()
        await until(lambda: not line.channel.healthy(), "the channel is known to be down")
        assert isinstance(line.channel, MqttChannel)
        await until(lambda: "refused" in line.channel.trouble(), "the trouble has words")
        await broker.start()
        await until(line.channel.healthy, "the channel has come back")

    async def test_a_wrong_password_is_named(self, broker: Mosquitto) -> None:
        inbox = Recorder()
        channel = MqttChannel(mqtt_settings(broker.port, password="wrong"), inbox)
        async with running(channel, inbox):
            await until(lambda: channel.trouble().startswith("credentials refused: "), "it is named")
        assert "Not authorized" in channel.trouble()
        assert "wrong" not in channel.trouble()

    async def test_two_programs_under_one_client_id_are_named(self, broker: Mosquitto) -> None:
        inbox = Recorder()
        channels = [MqttChannel(mqtt_settings(broker.port), inbox) for _ in range(2)]
        async with running(channels[0], inbox), running(channels[1], inbox):
            await until(lambda: any("set client_id" in channel.trouble() for channel in channels), "that is named")

    async def test_tls_with_the_broker_s_own_authority(self, tmp_path: Path) -> None:
        certificate(tmp_path)
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        secure = Mosquitto(
            f"listener {port} 127.0.0.1", f"certfile {tmp_path / 'cert'}", f"keyfile {tmp_path / 'key'}"
        )
        await secure.start()
        inbox = Recorder()
        trusting = MqttChannel(mqtt_settings(port, tls=True, ca_file=tmp_path / "cert"), inbox)
        strict = MqttChannel(mqtt_settings(port, tls=True, client_id="other"), inbox)
        try:
            async with running(trusting, inbox) as line, running(strict, inbox):
                await until(trusting.healthy, "the channel is connected")
                speaker = await device(secure)
                await line.send(outgoing("anju-1"))
                await until(lambda: bool(speaker.heard), "it is heard")
                speaker.say("receipt", json.dumps({"id": speaker.heard[0]["id"], "result": "played"}).encode())
                await until(lambda: bool(inbox.receipts), "the receipt has come")
                speaker.end()
                await until(lambda: "certificate verify failed" in strict.trouble(), "an unknown one is named")
        finally:
            await secure.end()


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


class TestWords:
    @pytest.mark.parametrize(
        ("topic", "payload", "meant"),
        [
            pytest.param(
                "tongliang/a-1/receipt",
                b'{"id": "7", "result": "failed", "code": "E12", "more": 1}',
                Receipt(
                    "app",
                    "7",
                    "a-1",
                    Fate.FAILED,
                    "E12",
                    b'{"id": "7", "result": "failed", "code": "E12", "more": 1}',
                ),
                id="failed, with the device's own code",
            ),
            pytest.param(
                "tongliang/a-1/receipt",
                b'{"id": "7", "result": "playing"}',
                Receipt("app", "7", "a-1", Fate.PENDING, "playing", b'{"id": "7", "result": "playing"}'),
                id="playing says nothing yet",
            ),
            pytest.param(
                "tongliang/a-1/reply",
                json.dumps({"order": call_of(77), "text": "1"}).encode(),
                Reply("app", "a-1", "", "1", json.dumps({"order": call_of(77), "text": "1"}).encode(), 77),
                id="an answer to that very order",
            ),
            pytest.param("tongliang/a-1/status", b"offline", Status("a-1", False), id="the will"),
            pytest.param("tongliang/a-1/status", b"", Status("a-1", False), id="a status that was removed"),
            pytest.param("tongliang/a-1/status", b"online", Status("a-1", True), id="there"),
        ],
    )
    def test_read(self, topic: str, payload: bytes, meant: object) -> None:
        assert read(mqtt_settings(1, **APP), topic, payload) == meant

    @pytest.mark.parametrize(
        ("topic", "payload"),
        [
            ("tongliang/a-1/receipt", b""),
            ("tongliang/a-1/receipt", b'{"result": "played"}'),
            ("tongliang/a-1/receipt", b'{"id": "7", "result": ""}'),
            ("tongliang/a-1/reply", b'{"order": "ZZZZ", "text": "1"}'),
            ("tongliang/a-1/play", b"{}"),
        ],
    )
    def test_what_is_not_understood_is_not_repeated(self, topic: str, payload: bytes) -> None:
        with pytest.raises(Unreadable):
            read(mqtt_settings(1, **APP), topic, payload)

    @given(st.sampled_from(["receipt", "reply", "status", "play"]), st.binary() | st.text().map(str.encode))
    def test_whatever_a_device_says_is_read_or_refused(self, what: str, payload: bytes) -> None:
        with contextlib.suppress(Unreadable):
            assert read(mqtt_settings(1, **APP), f"tongliang/a-1/{what}", payload)

    @pytest.mark.parametrize("address", ["", "+", "#", "a/b", "$SYS", "a b", "a\0", "x" * 201])
    def test_an_address_is_one_level_of_a_topic(self, address: str) -> None:
        with pytest.raises(ChannelError) as caught:
            topic_of(mqtt_settings(1), outgoing(address))
        assert caught.value.reason is Reason.BAD_ADDRESS

    def test_topics_of_a_township(self) -> None:
        settings = mqtt_settings(1, topic="anju/{address}/tts", receipts="anju/{address}/back", status=None)
        assert topic_of(settings, outgoing("horn-3")) == "anju/horn-3/tts"
        assert listened_to(settings) == ["anju/+/back"]

    def test_a_loudspeaker_says_what_can_be_said_aloud(self) -> None:
        said = json.loads(payload_of(mqtt_settings(1, repeat=2), outgoing("a", ORDER)))
        once = "这里是铜梁应急。红暴雨红色预警 东城街道:17点30分前撤离临河住户。"
        assert said["speech"] == f"{once}再播一遍。{once}"
        assert (said["repeat"], said["urgent"], said["expires_in"]) == (2, True, 3600)

    @pytest.mark.parametrize(
        "fields",
        [
            {"topic": "speakers/play"},
            {"topic": "speakers/x{address}/play"},
            {"topic": "speakers/{address}/#"},
            {"topic": "speakers/{name}/{address}"},
            {"receipts": "tongliang/{address}/play"},
            {"password": None},
            {"client_id": "with blanks"},
            {"serves": "sms"},
        ],
    )
    def test_settings_that_cannot_work_are_refused(self, fields: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            mqtt_settings(1, **fields)
