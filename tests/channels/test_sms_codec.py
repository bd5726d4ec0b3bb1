"""What is written and read of SMS: parts, PDUs, receipts, numbers. Judged by two codecs that are not ours."""

from __future__ import annotations

import struct

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st
from smpplib.command import SubmitSM

from tests.channels.smpp_peers import Handset, receipt_text
from warnengine.dispatch.channel import Accepted, ChannelError, Fate, Reason, Unanswered
from warnengine.dispatch.channels import smpp_pdu as pdu
from warnengine.dispatch.channels.numbers import e164
from warnengine.dispatch.channels.reconnect import pause
from warnengine.dispatch.channels.smpp_answers import is_receipt, read_receipt, refusal
from warnengine.dispatch.channels.sms_answers import Answer, verdict
from warnengine.dispatch.channels.sms_parts import Place, TooLong, read_header, read_text, split_ucs2

TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from("撤离🌧𠮷"), min_size=1, max_size=800)


@given(text=TEXT, reference=st.integers(0, 2**32 - 1))
def test_parts_join_to_the_text_and_none_splits_a_character(text: str, reference: int) -> None:
    pieces = split_ucs2(text, reference)
    assert all(len(piece) <= 140 for piece in pieces)
    if len(pieces) == 1:
        assert pieces[0].decode("utf-16-be") == text
        return
    handset = Handset()
    for piece in pieces:
        handset.take("86138", piece[1:6], piece[6:].decode("utf-16-be"))
    assert handset.received == [("+86138", text)]


@pytest.mark.parametrize(("units", "parts"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (67 * 255, 255)])
def test_number_of_parts(units: int, parts: int) -> None:
    assert len(split_ucs2("撤" * units, 0)) == parts


def test_text_beyond_255_parts_is_refused() -> None:
    with pytest.raises(TooLong):
        split_ucs2("撤" * (67 * 255 + 1), 0)


@given(
    destination=st.from_regex(r"[0-9]{5,15}", fullmatch=True),
    user_data=st.binary(min_size=1, max_size=140),
    header=st.booleans(),
    urgent=st.booleans(),
    seconds=st.floats(0.1, 1e7),
)
def test_submit_is_read_alike_by_two_other_codecs(
    destination: str, user_data: bytes, header: bool, urgent: bool, seconds: float
) -> None:
    validity = pdu.relative_validity(seconds)
    body = pdu.submit_sm(
        source=b"106900120",
        destination=destination.encode(),
        user_data=user_data,
        header=header,
        urgent=urgent,
        validity=validity,
    )
    octets = pdu.frame(pdu.SUBMIT_SM, 7, body)
    rust = smpp34.decode(octets)
    python = SubmitSM("submit_sm", sequence=0)
    python.parse(octets)
    expected = {
        "source_addr": "106900120",
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "destination_addr": destination,
        "esm_class": 0x40 if header else 0,
        "priority_flag": int(urgent),
        "validity_period": validity.decode(),
        "registered_delivery": 1,
        "data_coding": 8,
        "short_message": user_data,
    }
    assert {name: getattr(rust, name) for name in expected} == expected
    theirs = {name: getattr(python, name) for name in expected}
    assert {name: v.decode() if name.endswith(("addr", "period")) else v for name, v in theirs.items()} == expected


@given(
    source=st.from_regex(r"[0-9]{0,20}", fullmatch=True),
    short_message=st.binary(max_size=254),
    esm_class=st.integers(0, 255),
    data_coding=st.integers(0, 255),
    tlvs=st.dictionaries(st.integers(1, 0xFFFF), st.binary(min_size=1, max_size=70), max_size=5),
)
def test_what_another_codec_hands_over_is_read(
    source: str, short_message: bytes, esm_class: int, data_coding: int, tlvs: dict[int, bytes]
) -> None:
    octets = smpp34.DeliverSm(
        source,
        "106900120",
        short_message,
        esm_class=esm_class,
        data_coding=data_coding,
        tlvs=[smpp34.Tlv(tag, value) for tag, value in tlvs.items()],
    ).encode()
    message = pdu.read_deliver_sm(octets[16:])
    assert (message.source, message.destination) == (source, "106900120")
    assert (message.esm_class, message.data_coding) == (esm_class, data_coding)
    assert message.user_data == (short_message or tlvs.get(pdu.MESSAGE_PAYLOAD, b""))
    assert message.tlvs == tlvs
    for end in range(len(octets) - 16):
        try:
            pdu.read_deliver_sm(octets[16 : 16 + end])
        except pdu.Malformed:
            continue


@given(st.binary(max_size=200))
def test_rubbish_is_malformed_or_read_but_never_a_crash(body: bytes) -> None:
    try:
        message = pdu.read_deliver_sm(body)
    except pdu.Malformed:
        return
    read_text(read_header(message.user_data)[1], message.data_coding)
    read_receipt(message, "line-a", "")


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.2, "000000000001000R"),
        (59.9, "000000000059000R"),
        (3600, "000000010000000R"),
        (86_400 + 61, "000001000101000R"),
        (1e9, "000030000000000R"),
    ],
)
def test_validity_is_relative_and_rounded_down(seconds: float, written: str) -> None:
    assert pdu.relative_validity(seconds).decode() == written


@pytest.mark.parametrize(
    ("octets", "data_coding", "text"),
    [
        ("收到".encode("utf-16-be"), 8, "收到"),
        ("🚶".encode("utf-16-be"), 8, "🚶"),
        ("收到".encode("gb18030"), 15, "收到"),
        (b"1", 0, "1"),
        (b"\x00 \x02 \x1b\x65 \x5f", 0, "@ $ € §"),
        ("é".encode("latin-1"), 3, "é"),
        (b"1 ok", 1, "1 ok"),
        (b"\x65", 8, "�"),
        (b"\xff", 0, "�"),
        (b"", 0, ""),
    ],
)
def test_reply_octets_are_read_by_their_coding(octets: bytes, data_coding: int, text: str) -> None:
    assert read_text(octets, data_coding) == text


@pytest.mark.parametrize(
    ("user_data", "place", "rest"),
    [
        (b"\x05\x00\x03\x11\x02\x01ab", Place(0x11, 2, 1), b"ab"),
        (b"\x06\x08\x04\x12\x34\x02\x02ab", Place(0x1234, 2, 2), b"ab"),
        (b"\x0b\x01\x01\x05\x00\x03\x11\x02\x01\x24\x01\x01ab", Place(0x11, 2, 1), b"ab"),
        (b"\x05\x00\x03\x11\x01\x01ab", None, b"ab"),
        (b"\x05\x00\x03\x11\x02\x03ab", None, b"ab"),
        (b"\x09ab", None, b"\x09ab"),
        (b"", None, b""),
    ],
    ids=["8 bit", "16 bit", "among other elements", "one part", "beyond the last", "overrun", "empty"],
)
def test_user_data_header(user_data: bytes, place: Place | None, rest: bytes) -> None:
    assert read_header(user_data) == (place, rest)


def deliver(text: bytes = b"", esm_class: int = 4, data_coding: int = 0, **tlvs: bytes) -> pdu.DeliverSm:
    tags = {"id": pdu.RECEIPTED_MESSAGE_ID, "state": pdu.MESSAGE_STATE}
    return pdu.DeliverSm(
        "8613800138001",
        "1069",
        esm_class,
        data_coding,
        text,
        {tags[name]: value for name, value in tlvs.items()},
        text or b"tlvs",
    )


RECEIPTS = {
    "text alone": (deliver(receipt_text("0a1", Fate.DELIVERED).encode()), "0a1", Fate.DELIVERED, "DELIVRD"),
    "failure with error": (deliver(receipt_text("0a1", Fate.FAILED).encode()), "0a1", Fate.FAILED, "UNDELIV 45"),
    "tlvs alone": (deliver(id=b"77\0", state=b"\x02"), "77", Fate.DELIVERED, "DELIVRD"),
    "tlvs outweigh the text": (
        deliver(b"id:1 stat:DELIVRD err:000", id=b"77\0", state=b"\x05"),
        "77",
        Fate.FAILED,
        "DELIVRD",
    ),
    "state of four octets": (deliver(id=b"77", state=b"\0\0\0\x02"), "77", Fate.DELIVERED, "DELIVRD"),
    "carrier's code": (deliver(b"id:9 stat:MI:0013 err:000"), "9", Fate.FAILED, "MI:0013"),
    "underway": (deliver(b"id:9 stat:ENROUTE"), "9", Fate.PENDING, "ENROUTE"),
    "accepted is not delivered": (deliver(b"id:9 stat:ACCEPTD"), "9", Fate.PENDING, "ACCEPTD"),
    "unknown proves nothing": (deliver(b"id:9 stat:UNKNOWN"), "9", Fate.PENDING, "UNKNOWN"),
    "expired": (deliver(b"id:9 stat:EXPIRED err:1"), "9", Fate.FAILED, "EXPIRED 1"),
    "underscore in the id": (deliver(b"id:a_9-Z stat:DELIVRD"), "a_9-Z", Fate.DELIVERED, "DELIVRD"),
    "in UCS-2": (
        deliver("id:9 stat:DELIVRD".encode("utf-16-be"), data_coding=8),
        "9",
        Fate.DELIVERED,
        "DELIVRD",
    ),
    "capitals and spaces": (deliver(b"ID: 9 SUB: 001 Stat: delivrd"), "9", Fate.DELIVERED, "DELIVRD"),
    "says nothing": (deliver(b"thank you"), "", Fate.PENDING, ""),
}


@pytest.mark.parametrize(("message", "provider_id", "fate", "code"), RECEIPTS.values(), ids=RECEIPTS.keys())
def test_receipt_forms(message: pdu.DeliverSm, provider_id: str, fate: Fate, code: str) -> None:
    receipt = read_receipt(message, "line-a", "+86")
    assert (receipt.provider_id, receipt.fate, receipt.code) == (provider_id, fate, code)


@pytest.mark.parametrize(
    ("esm_class", "receipt"),
    [(0x04, True), (0x44, True), (0x20, True), (0x00, False), (0x40, False), (0x08, False)],
)
def test_what_counts_as_receipt(esm_class: int, receipt: bool) -> None:
    assert is_receipt(deliver(esm_class=esm_class)) is receipt


THROTTLED = ChannelError(Reason.THROTTLED, "slower", retry=True)
BAD = ChannelError(Reason.BAD_ADDRESS, "空号", retry=False)
LOST = Unanswered("lost")


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (["1"], ("1",)),
        (["1", "2"], ("1", "2")),
        ([""], ()),
        ([THROTTLED], Reason.THROTTLED),
        ([THROTTLED, THROTTLED], Reason.THROTTLED),
        ([THROTTLED, BAD], Reason.BAD_ADDRESS),
        ([LOST], Reason.UNANSWERED),
        (["1", THROTTLED], Reason.UNANSWERED),
        (["1", BAD], Reason.UNANSWERED),
        ([BAD, LOST], Reason.UNANSWERED),
        (["1", LOST], Reason.UNANSWERED),
    ],
)
def test_a_message_is_judged_by_all_its_parts(answers: list[Answer], outcome: tuple[str, ...] | Reason) -> None:
    if isinstance(outcome, tuple):
        assert verdict(answers) == Accepted(outcome, receipts=True)
        return
    found = verdict(answers)
    assert not isinstance(found, Accepted)
    assert getattr(found, "reason", Reason.UNANSWERED) is outcome
    if outcome is Reason.UNANSWERED and len(answers) > 1:
        assert "may arrive" in str(found)


@pytest.mark.parametrize(
    ("status", "reason", "retry"),
    [
        (0x58, Reason.THROTTLED, True),
        (0x14, Reason.THROTTLED, True),
        (0x0B, Reason.BAD_ADDRESS, False),
        (0x0A, Reason.REJECTED, False),
        (0x08, Reason.GATEWAY_ERROR, True),
        (0x45, Reason.GATEWAY_ERROR, True),
        (0x0E, Reason.CREDENTIALS, True),
        (0x0411, Reason.GATEWAY_ERROR, True),
    ],
)
def test_command_status(status: int, reason: Reason, retry: bool) -> None:
    error = refusal(status)
    assert (error.reason, error.retry) == (reason, retry)
    assert f"0x{status:02x}" in error.detail


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("8613800138001", "+8613800138001"),
        ("+8613800138001", "+8613800138001"),
        ("008613800138001", "+8613800138001"),
        ("13800138001", "+8613800138001"),
        ("02345678901", "+862345678901"),
        ("10086", "+8610086"),
        ("", ""),
        ("CMCC", "CMCC"),
        ("+85261234567", "+85261234567"),
    ],
)
def test_numbers_as_gateways_write_them(written: str, number: str) -> None:
    assert e164(written, "86") == number


def test_pauses_grow_and_refused_logins_wait_longer() -> None:
    for reason, first, most in [(Reason.UNREACHABLE, 0.1, 5.0), (Reason.CREDENTIALS, 2.0, 300.0)]:
        pauses = [pause(failures, reason) for failures in range(1, 40)]
        assert (pauses[0], pauses[-1]) == (first, most)
        assert pauses == sorted(pauses)


def test_a_frame_is_header_and_body() -> None:
    assert pdu.frame(pdu.ENQUIRE_LINK, 5) == struct.pack(">IIII", 16, 0x15, 0, 5)
