"""What is particular to calls by a machine: whom a key answers, what a result means, one call at a time."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.channels.conformance import Line, Recorder, outgoing, running, until
from tests.channels.voice_peers import AliyunVoicePeer, JsonVoicePeer, VoicePeer, voice_settings
from warnengine.dispatch.channel import Channel, ChannelError, Fate, Reason, Receipt, Reply
from warnengine.dispatch.channels.http_profile import Garbled
from warnengine.dispatch.channels.voice import VoiceChannel
from warnengine.dispatch.channels.voice_profiles import VENDORS, aliyun_signature, call_of, delivery_of
from warnengine.settings import VoiceVendor

NUMBER = "+8613800138001"
OTHER = "+8613800138002"
VALUES = {"json": JsonVoicePeer().values(), "aliyun": AliyunVoicePeer().values()}
DELIVERY = 912345678901234567


def channel_of(profile: str = "json", **fields: float) -> VoiceChannel:
    return VoiceChannel(voice_settings("http://127.0.0.1:9", profile, VALUES[profile], **fields), Recorder())


def report(profile: str, result: str, keys: str = "", **others: object) -> bytes:
    names = VENDORS[profile].report
    entry = {names.call_id: "c1", names.call: call_of(DELIVERY), names.callee: NUMBER[3:]}
    return json.dumps(entry | {names.result: result, names.key: keys} | others).encode()


REPORTS = {
    "heard, no key": ("json", "heard", "", Fate.DELIVERED, []),
    "heard and confirmed": ("json", "heard", "1", Fate.DELIVERED, ["1"]),
    "confirmed before the end": ("json", "hung_up", "1", Fate.DELIVERED, ["1"]),
    "hung up": ("json", "hung_up", "", Fate.PENDING, []),
    "heard again, then hung up": ("json", "hung_up", "2", Fate.PENDING, []),
    "heard again, then confirmed": ("json", "heard", "21", Fate.DELIVERED, ["1"]),
    "wants the duty room": ("json", "heard", "3", Fate.DELIVERED, ["按3"]),
    "both": ("json", "heard", "13", Fate.DELIVERED, ["1", "按3"]),
    "pressed twice": ("json", "heard", "11", Fate.DELIVERED, ["1"]),
    "busy": ("json", "busy", "", Fate.FAILED, []),
    "no answer": ("json", "no_answer", "", Fate.FAILED, []),
    "a word that nobody knows": ("json", "odd", "", Fate.PENDING, []),
    "听完": ("aliyun", "200000", "", Fate.DELIVERED, []),
    "提前挂机": ("aliyun", "200001", "", Fate.PENDING, []),
    "占线": ("aliyun", "200002", "", Fate.FAILED, []),
    "未接": ("aliyun", "200003", "", Fate.FAILED, []),
    "号码不合法": ("aliyun", "200004", "", Fate.FAILED, []),
    "无法接通": ("aliyun", "200005", "", Fate.FAILED, []),
    "按键超时": ("aliyun", "200008", "", Fate.DELIVERED, []),
    "关机": ("aliyun", "200010", "", Fate.FAILED, []),
    "停机": ("aliyun", "200011", "", Fate.FAILED, []),
    "超频限呼": ("aliyun", "200119", "", Fate.FAILED, []),
    "a key at its moment": ("aliyun", "300000", "1", Fate.DELIVERED, ["1"]),
    "another key at its moment": ("aliyun", "300000", "2", Fate.PENDING, []),
}


@pytest.mark.parametrize(("profile", "result", "keys", "fate", "said"), REPORTS.values(), ids=REPORTS.keys())
def test_what_a_report_says(profile: str, result: str, keys: str, fate: Fate, said: list[str]) -> None:
    receipt, *replies = channel_of(profile).read_callback("POST", {}, report(profile, result, keys))
    assert isinstance(receipt, Receipt)
    assert (receipt.provider_id, receipt.address, receipt.fate, receipt.code) == ("c1", NUMBER, fate, result)
    assert [reply.text for reply in replies if isinstance(reply, Reply)] == said
    assert {reply.delivery for reply in replies if isinstance(reply, Reply)} == ({DELIVERY} if said else set())


def test_a_key_is_one_reply_however_often_it_is_reported() -> None:
    channel = channel_of("aliyun")
    (_, moment) = channel.read_callback("POST", {}, report("aliyun", "300000", "1", callee=None))
    (_, end) = channel.read_callback("POST", {}, report("aliyun", "200000", "1"))
    assert moment == end


@pytest.mark.parametrize("call", ["", "1", "ÄÖ", "VVVVVVVVVVVVU", "x" * 13, None])
def test_a_key_in_a_call_that_is_none_of_ours_answers_nothing(call: object) -> None:
    body = json.dumps([json.loads(report("json", "heard", "1", call=call)), json.loads(report("json", "heard"))])
    odd, whole = channel_of().read_callback("POST", {}, body.encode())
    assert isinstance(odd, Garbled)
    assert isinstance(whole, Receipt)


@pytest.mark.parametrize("delivery", [0, 1, DELIVERY, 2**63 - 1])
def test_a_call_names_its_delivery_in_fifteen_characters(delivery: int) -> None:
    assert delivery_of(call_of(delivery)) == delivery
    assert len(call_of(delivery)) <= 15


def test_the_signature_is_the_one_of_the_vendors_manual() -> None:
    form = {
        "Timestamp": "2016-02-23T12:46:24Z",
        "Format": "XML",
        "AccessKeyId": "testid",
        "Action": "DescribeRegions",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "Version": "2014-05-26",
        "SignatureVersion": "1.0",
    }
    assert aliyun_signature("GET", form, "testsecret") == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


# A vendor of one's own, and mistakes in it


def own_vendor(**changes: object) -> dict[str, Any]:
    return {
        "path": "/call",
        "headers": {"X-Key": "{key}"},
        "body": {"to": "{national}", "say": {"words": "{text}"}, "ref": "{call}", "tpl": "{template}"},
        "call_id": "data.sid",
        "code": "status",
        "taken": "0",
        "refusals": {"105": "bad_address"},
        "report": {
            "call_id": "sid",
            "call": "ref",
            "result": "state.end",
            "results": {"done": "heard"},
            "key": "state.digits",
        },
    } | changes


def test_a_vendor_can_be_told_in_the_settings() -> None:
    values = {"key": "k", "template": "t"}
    settings = voice_settings("http://127.0.0.1:9", own_vendor(), values)
    assert isinstance(settings.profile, VoiceVendor)
    channel = VoiceChannel(settings, Recorder())
    entry = {"sid": "s9", "ref": call_of(DELIVERY), "state": {"end": "done", "digits": "1"}}
    receipt, reply = channel.read_callback("POST", {}, json.dumps(entry).encode())
    assert isinstance(receipt, Receipt)
    assert isinstance(reply, Reply)
    assert (receipt.provider_id, receipt.fate, reply.delivery) == ("s9", Fate.DELIVERED, DELIVERY)


@pytest.mark.parametrize(
    ("profile", "values", "says"),
    [
        ("alyun", {}, "no profile 'alyun'; there are aliyun, json"),
        ("json", {}, "needs in `values`: token"),
        (own_vendor(body={"to": "{nubmer}"}), {"key": "k"}, "needs in `values`: nubmer"),
        ("aliyun", VALUES["json"], "access_key_id, access_key_secret"),
    ],
    ids=["unknown", "without its values", "a slot that does not exist", "unsigned"],
)
def test_a_mistake_in_the_settings_is_told(profile: object, values: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        VoiceChannel(voice_settings("http://127.0.0.1:9", profile, values), Recorder())


# One call at a time


@contextlib.asynccontextmanager
async def line_to(peer: VoicePeer, **fields: float) -> AsyncIterator[Line]:
    await peer.start()
    inbox = Recorder()
    channel: Channel = VoiceChannel(voice_settings(peer._site.url, "json", VALUES["json"], **fields), inbox)
    async with running(channel, inbox) as line:
        await until(channel.healthy, "the vendor listens")
        yield line
    await peer.end()


async def refused(line: Line) -> float:
    with pytest.raises(ChannelError) as caught:
        await line.send(outgoing(NUMBER))
    assert (caught.value.reason, caught.value.retry) == (Reason.THROTTLED, True)
    assert caught.value.after is not None
    return caught.value.after


async def test_a_number_is_called_once_at_a_time_and_others_meanwhile() -> None:
    peer = JsonVoicePeer()
    async with line_to(peer, call_seconds=90, pause_seconds=10) as line:
        sent = [line.send(outgoing(NUMBER, delivery=n)) for n in range(4)]
        found = await asyncio.gather(*sent, line.send(outgoing(OTHER)), return_exceptions=True)
        assert [isinstance(one, ChannelError) for one in found] == [False, True, True, True, False]
        assert sorted(number for number, _ in peer.received) == [NUMBER, OTHER]
        assert 90 < await refused(line) <= 100


async def test_after_the_report_of_its_end_the_number_rests_for_the_pause() -> None:
    async with line_to(JsonVoicePeer(), call_seconds=90, pause_seconds=10) as line:
        await line.send(outgoing(NUMBER))
        assert isinstance(line.channel, VoiceChannel)
        line.channel.read_callback("POST", {}, report("json", "busy"))
        assert await refused(line) <= 10


async def test_a_number_that_was_not_called_need_not_rest() -> None:
    peer = JsonVoicePeer()
    async with line_to(peer, call_seconds=90, pause_seconds=10) as line:
        peer.script("temporary")
        with pytest.raises(ChannelError):
            await line.send(outgoing(NUMBER))
        peer.script("accept")
        await line.send(outgoing(NUMBER))
