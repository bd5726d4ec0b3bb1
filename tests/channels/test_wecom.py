"""WeCom keeps the promises of every channel; its callbacks are opened as Tencent's own library seals them."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.channels.conformance import TEXTS, ChannelConformance, Line, Recorder, outgoing, running, until
from tests.channels.wecom_peers import (
    AES_KEY,
    CORP,
    TOKEN,
    WecomPeer,
    enveloped,
    pressed,
    sealed,
    signed,
    wecom_settings,
    written,
)
from tests.npm import installed
from warnengine.dispatch.channel import ChannelError, Reason, Reply
from warnengine.dispatch.channels.http_profile import Unreadable
from warnengine.dispatch.channels.voice_profiles import call_of
from warnengine.dispatch.channels.wecom import WecomChannel
from warnengine.dispatch.channels.wecom_crypto import Envelope, signature
from warnengine.dispatch.channels.wecom_messages import read_message, sealed_in

HERE = Path(__file__).parent / "node_wecom"
ENVELOPE = Envelope(TOKEN, AES_KEY, CORP)


class TestWecom(ChannelConformance):
    make_peer = WecomPeer

    @pytest.fixture
    async def peer(self) -> AsyncIterator[WecomPeer]:
        peer = WecomPeer()
        await peer.start()
        yield peer
        await peer.end()

    # The access token

    async def test_one_token_serves_all_until_it_is_refused(self, peer: WecomPeer, line: Line) -> None:
        for number in range(3):
            await line.send(outgoing(peer.address, delivery=number))
        assert len(peer.tokens) == 1
        peer.expire()
        await line.send(outgoing(peer.address))
        assert len(peer.tokens) == 3
        assert len(peer.received) == 4

    async def test_a_token_is_fetched_anew_before_its_end(self, peer: WecomPeer) -> None:
        peer.lasts = 0
        inbox = Recorder()
        async with running(peer.channel(inbox), inbox) as line:
            await until(line.channel.healthy, "the channel is connected")
            await until(lambda: len(peer.tokens) == 1, "it has a token")
            channel = line.channel
            assert isinstance(channel, WecomChannel)
            channel._access_until = 0
            await line.send(outgoing(peer.address))
        assert len(peer.tokens) == 2

    async def test_a_wrong_secret_is_named_before_anything_is_sent(self, peer: WecomPeer) -> None:
        inbox = Recorder()
        channel = WecomChannel(wecom_settings(peer._site.url, secret="wrong"), inbox)
        async with running(channel, inbox):
            await until(lambda: channel.trouble().startswith("credentials refused: WeCom answered 40001"), "named")
        assert "wrong" not in channel.trouble()

    # Who gets what

    async def test_a_short_order_is_a_card_with_buttons(self, peer: WecomPeer, line: Line) -> None:
        await line.send(outgoing(peer.address, TEXTS["several lines"], delivery=77))
        card = peer.requests[-1]["template_card"]
        assert card["sub_title_text"] == TEXTS["several lines"]
        assert [button["key"] for button in card["button_list"]] == ["1", "2"]
        assert card["card_action"]["url"].startswith("https://")
        await peer.say(pressed(peer.address, "1", card["task_id"]))
        (reply,) = line.inbox.replies
        assert (reply.address, reply.text, reply.delivery, reply.channel) == ("LiMing", "1", 77, "wecom")

    async def test_no_word_of_a_long_order_is_cut_off(self, peer: WecomPeer, line: Line) -> None:
        await line.send(outgoing(peer.address, TEXTS["ten parts"]))
        assert peer.requests[-1]["text"]["content"] == TEXTS["ten parts"]
        too_long = "撤" * 700
        with pytest.raises(ChannelError) as caught:
            await line.send(outgoing(peer.address, too_long))
        assert caught.value.reason is Reason.REJECTED

    @pytest.mark.parametrize("address", ["@all", "a|b", "", "张三", "x" * 65])
    async def test_nobody_else_gets_it(self, peer: WecomPeer, line: Line, address: str) -> None:
        with pytest.raises(ChannelError) as caught:
            await line.send(outgoing(address))
        assert caught.value.reason is Reason.BAD_ADDRESS
        assert peer.received == []

    @pytest.mark.parametrize("fields", [{"invaliduser": "liming"}, {"unlicenseduser": "other|LiMing"}])
    async def test_a_member_whom_wecom_leaves_out_has_not_got_it(
        self, peer: WecomPeer, line: Line, fields: dict[str, str]
    ) -> None:
        peer.fields = fields
        with pytest.raises(ChannelError) as caught:
            await line.send(outgoing(peer.address))
        assert (caught.value.reason, caught.value.retry) == (Reason.BAD_ADDRESS, False)

    async def test_the_address_of_the_callback_is_proven(self, peer: WecomPeer, line: Line) -> None:
        assert await peer.check_address("1616140317555161061") == (200, b"1616140317555161061")


class TestEnvelope:
    def test_the_example_of_the_document(self) -> None:
        part = (
            "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/"
            "sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+"
            "HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB"
            "3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVK"
            "n28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
        )
        query = {
            "msg_signature": "477715d11cdb4164915debcba66cb864d751f3e6",
            "timestamp": "1409659813",
            "nonce": "1372623149",
        }
        clear = Envelope(TOKEN, AES_KEY, CORP).open(query, part)
        (reply,) = read_message("wecom", clear)
        assert reply.address == "mycreate"

    @pytest.mark.parametrize(
        ("label", "query", "part"),
        [
            ("another token", {"msg_signature": "0" * 40, "timestamp": "1", "nonce": "2"}, sealed("x")),
            ("no signature", {}, sealed("x")),
            ("another company", None, sealed("x", corp="other")),
            ("another key", None, sealed("x", aes_key="A" * 43)),
            ("not base64", None, "!!!"),
            ("half a block", None, "QUJD"),
            ("nothing", None, ""),
            ("letters beyond ASCII", {"msg_signature": "收", "timestamp": "1", "nonce": "2"}, "收到"),
        ],
        ids=[
            "another token",
            "no signature",
            "another company",
            "another key",
            "not base64",
            "half a block",
            "nothing",
            "letters beyond ASCII",
        ],
    )
    def test_what_wecom_did_not_seal_is_refused(self, label: str, query: dict[str, str] | None, part: str) -> None:
        with pytest.raises(Unreadable):
            ENVELOPE.open(signed(part) if query is None else query, part)

    @pytest.mark.parametrize(
        ("message", "meant"),
        [
            (written("LiMing", "收到"), ("LiMing", "收到", None)),
            (pressed("LiMing", "2", f"{call_of(9)}-0123456789abcdef"), ("LiMing", "2", 9)),
            ("<xml><MsgType>event</MsgType><Event>enter_agent</Event></xml>", None),
            ("<xml><MsgType>image</MsgType></xml>", None),
        ],
    )
    def test_what_counts_as_an_answer(self, message: str, meant: tuple[str, str, int | None] | None) -> None:
        found = read_message("wecom", message.encode())
        assert [(reply.address, reply.text, reply.delivery) for reply in found] == ([meant] if meant else [])

    @pytest.mark.parametrize(
        "message",
        [
            "",
            "收到",
            "<xml><MsgType>text</MsgType></xml>",
            '<!DOCTYPE xml [<!ENTITY a "b">]><xml><MsgType>text</MsgType></xml>',
            pressed("LiMing", "1", "somebody-else-s"),
        ],
    )
    def test_what_cannot_be_read_is_refused(self, message: str) -> None:
        with pytest.raises(Unreadable):
            read_message("wecom", message.encode())

    @given(st.text(), st.binary())
    def test_whatever_comes_is_read_or_refused(self, part: str, octets: bytes) -> None:
        with contextlib.suppress(Unreadable):
            ENVELOPE.open(signed(part), part)
        for body in (octets, b"<xml>" + octets + b"</xml>"):
            with contextlib.suppress(Unreadable):
                read_message("wecom", body)
            with contextlib.suppress(Unreadable):
                sealed_in(body)

    def test_without_token_and_key_the_console_is_named(self) -> None:
        channel = WecomChannel(wecom_settings("http://127.0.0.1:9", token=None, aes_key=None), Recorder())
        query, body = enveloped(written("LiMing", "1"))
        with pytest.raises(Unreadable, match="has no token and aes_key"):
            channel.read_callback("POST", query, body)

    @pytest.mark.parametrize(
        "fields", [{"token": None}, {"aes_key": None}, {"aes_key": "short"}, {"corp_id": "a b"}, {"secret": ""}]
    )
    def test_settings_that_cannot_work_are_refused(self, fields: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            wecom_settings("http://127.0.0.1:9", **fields)


@pytest.fixture(scope="module")
def tencent() -> Path:
    """Tencent's own library."""
    return installed(HERE, "@wecom/crypto")


def node(library: Path, what: str, *words: str) -> Any:
    script = f"const c = require({str(library)!r}); const w = process.argv.slice(1); console.log(JSON.stringify({what}))"
    done = subprocess.run(["node", "-e", script, *words], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


@pytest.mark.parametrize("words", ["1", "收到", "撤离 35 人，水已到路口🚶" * 20, "x" * 12, ""])
def test_tencent_s_own_library_is_understood(tencent: Path, words: str) -> None:
    message = written("LiMing", words or "1")
    part = node(tencent, "c.encrypt(w[0], w[1], w[2])", AES_KEY, message, CORP)
    theirs = node(tencent, "c.getSignature(w[0], w[1], w[2], w[3])", TOKEN, "1409735669", "1320562132", part)
    assert theirs == signature(TOKEN, "1409735669", "1320562132", part)
    query = {"msg_signature": theirs, "timestamp": "1409735669", "nonce": "1320562132"}
    clear = ENVELOPE.open(query, part)
    assert clear.decode() == message
    assert read_message("wecom", clear) == [Reply("wecom", "LiMing", "", words or "1", clear, channel="wecom")]


def test_tencent_s_own_library_opens_what_the_tests_seal(tencent: Path) -> None:
    opened = node(tencent, "c.decrypt(w[0], w[1])", AES_KEY, sealed("收到"))
    assert (opened["message"], opened["id"]) == ("收到", CORP)
