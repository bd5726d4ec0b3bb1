"""What is written and read of CMPP, judged by the standard's own tables of fields and by octets made by hand."""

from __future__ import annotations

import contextlib
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.channels.cmpp_peers import settings
from warnengine.dispatch.channel import ChannelError, Fate, Reason
from warnengine.dispatch.channels import cmpp_pdu as pdu
from warnengine.dispatch.channels.cmpp_answers import login_refusal, read_receipt, spelled, submit_answer

Table = tuple[tuple[str, int], ...]
"""The names and lengths of fields; -1 is the content, whose length the field before it gives."""

SUBMIT_20: Table = (
    ("Msg_Id", 8),
    ("Pk_total", 1),
    ("Pk_number", 1),
    ("Registered_Delivery", 1),
    ("Msg_level", 1),
    ("Service_Id", 10),
    ("Fee_UserType", 1),
    ("Fee_terminal_Id", 21),
    ("TP_pId", 1),
    ("TP_udhi", 1),
    ("Msg_Fmt", 1),
    ("Msg_src", 6),
    ("FeeType", 2),
    ("FeeCode", 6),
    ("ValId_Time", 17),
    ("At_Time", 17),
    ("Src_Id", 21),
    ("DestUsr_tl", 1),
    ("Dest_terminal_Id", 21),
    ("Msg_Length", 1),
    ("Msg_Content", -1),
    ("Reserve", 8),
)
DELIVER_20: Table = (
    ("Msg_Id", 8),
    ("Dest_Id", 21),
    ("Service_Id", 10),
    ("TP_pid", 1),
    ("TP_udhi", 1),
    ("Msg_Fmt", 1),
    ("Src_terminal_Id", 21),
    ("Registered_Delivery", 1),
    ("Msg_Length", 1),
    ("Msg_Content", -1),
    ("Reserved", 8),
)


def version_30(table: Table) -> Table:
    """Numbers of people take 32 octets and have a type behind them, and a LinkID ends the table."""
    fields: list[tuple[str, int]] = []
    for name, length in table[:-1]:
        if name in {"Fee_terminal_Id", "Dest_terminal_Id", "Src_terminal_Id"}:
            fields += [(name, 32), (name.removesuffix("Id") + "type", 1)]
        else:
            fields.append((name, length))
    return (*fields, ("LinkID", 20))


SUBMITS = {"2.0": SUBMIT_20, "3.0": version_30(SUBMIT_20)}
DELIVERS = {"2.0": DELIVER_20, "3.0": version_30(DELIVER_20)}
VERSION = st.sampled_from(["2.0", "3.0"])


def cut(table: Table, octets: bytes) -> dict[str, bytes]:
    """Cut a body by a table; nothing may be left."""
    fields: dict[str, bytes] = {}
    for name, length in table:
        size = fields["Msg_Length"][0] if length < 0 else length
        fields[name], octets = octets[:size], octets[size:]
        assert len(fields[name]) == size, name
    assert octets == b""
    return fields


def join(table: Table, **values: Any) -> bytes:
    """Write a body by a table; what is not given is zero."""
    values.setdefault("Msg_Length", bytes((len(values["Msg_Content"]),)))
    return b"".join(
        values[name] if length < 0 else values.get(name, b"").ljust(length, b"\0") for name, length in table
    )


CONTRACT = pdu.Contract(
    company=b"901234",
    source=b"106900120",
    service=b"YJ",
    fee_user_type=2,
    fee_terminal=b"",
    fee_type=b"01",
    fee_code=b"0",
)


@given(
    version=VERSION,
    destination=st.from_regex(r"[0-9]{5,15}", fullmatch=True),
    total=st.integers(1, 255),
    user_data=st.binary(min_size=1, max_size=140),
    urgent=st.booleans(),
)
def test_a_submit_has_every_field_of_the_standard_in_its_place(
    version: str, destination: str, total: int, user_data: bytes, urgent: bool
) -> None:
    part = pdu.Part(destination.encode(), total, total, user_data, urgent, b"000000010000000R")
    fields = cut(SUBMITS[version], pdu.submit(pdu.VERSIONS[version], CONTRACT, part))
    filled = {name: value.rstrip(b"\0") for name, value in fields.items() if value.strip(b"\0")}
    written = {
        "Pk_total": bytes((total,)),
        "Pk_number": bytes((total,)),
        "Registered_Delivery": b"\1",
        "Service_Id": b"YJ",
        "Fee_UserType": b"\2",
        "Msg_Fmt": b"\x08",
        "Msg_src": b"901234",
        "FeeType": b"01",
        "FeeCode": b"0",
        "ValId_Time": b"000000010000000R",
        "Src_Id": b"106900120",
        "DestUsr_tl": b"\1",
        "Dest_terminal_Id": destination.encode(),
        "Msg_Length": bytes((len(user_data),)),
    }
    written |= {"Msg_level": b"\1"} if urgent else {}
    written |= {"TP_udhi": b"\1"} if total > 1 else {}
    filled.pop("Msg_Content", None)
    assert filled == written
    assert fields["Msg_Content"] == user_data


@given(
    version=VERSION,
    source=st.from_regex(r"[0-9]{0,21}", fullmatch=True),
    destination=st.from_regex(r"[0-9]{0,21}", fullmatch=True),
    content=st.binary(max_size=255),
    header=st.booleans(),
    coding=st.integers(0, 255),
    receipt=st.booleans(),
)
def test_a_deliver_written_by_the_standards_table_is_read(
    version: str, source: str, destination: str, content: bytes, header: bool, coding: int, receipt: bool
) -> None:
    body = join(
        DELIVERS[version],
        Msg_Id=b"\x01\x02\x03\x04\x05\x06\x07\x08",
        Src_terminal_Id=source.encode(),
        Dest_Id=destination.encode(),
        TP_udhi=bytes((header,)),
        Msg_Fmt=bytes((coding,)),
        Registered_Delivery=bytes((receipt,)),
        Msg_Content=content,
    )
    message = pdu.read_deliver(body, pdu.VERSIONS[version])
    assert message == pdu.Deliver(
        b"\x01\x02\x03\x04\x05\x06\x07\x08", source, destination, header, coding, receipt, content, body
    )
    tail = len(pdu.VERSIONS[version].tail)
    for end in range(len(body) - tail):
        with pytest.raises(pdu.Malformed):
            pdu.read_deliver(body[:end], pdu.VERSIONS[version])


@given(body=st.binary(max_size=400), version=VERSION)
def test_rubbish_is_malformed_or_read_but_never_a_crash(body: bytes, version: str) -> None:
    with contextlib.suppress(pdu.Malformed):
        read_receipt(pdu.read_deliver(body, pdu.VERSIONS[version]), "line-a", "86")
    with contextlib.suppress(pdu.Malformed):
        submit_answer(*pdu.read_submit_resp(body))
    with contextlib.suppress(pdu.Malformed):
        pdu.read_connect_resp(body)


def report(number: int, stat: bytes = b"DELIVRD", destination: bytes = b"8613800138001") -> bytes:
    """Write a receipt whose numbers have so many octets."""
    times = b"26112308012611230802"
    return (
        bytes.fromhex("b9700a1e00c80001")
        + stat.ljust(7, b"\0")
        + times
        + destination.ljust(number, b"\0")
        + bytes(4)
    )


@pytest.mark.parametrize(
    ("content", "stat"),
    [
        pytest.param(report(21), "DELIVRD", id="60 octets, as 2.0 has it and gateways of 3.0 send it"),
        pytest.param(report(32), "DELIVRD", id="71 octets, as 3.0 has it"),
        pytest.param(report(21, b"MA:45"), "MA:45", id="a state of fewer letters"),
    ],
)
@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_a_receipt_is_read_by_its_length(version: str, content: bytes, stat: str) -> None:
    body = join(DELIVERS[version], Registered_Delivery=b"\1", Msg_Content=content)
    receipt = read_receipt(pdu.read_deliver(body, pdu.VERSIONS[version]), "line-a", "86")
    assert (receipt.provider_id, receipt.address, receipt.code) == ("b9700a1e00c80001", "+8613800138001", stat)
    assert receipt.raw == body


def test_a_state_of_spaces_and_semicolons_does_not_move_the_other_fields() -> None:
    assert pdu.read_report(report(21, b"a b;:")) == pdu.Report(
        bytes.fromhex("b9700a1e00c80001"), "a b;:", "8613800138001"
    )


@pytest.mark.parametrize("size", [0, 15, 59])
def test_a_receipt_that_is_too_short_is_malformed(size: int) -> None:
    with pytest.raises(pdu.Malformed, match=str(size)):
        pdu.read_report(report(21)[:size])


@pytest.mark.parametrize(
    ("stat", "fate"),
    [
        (b"DELIVRD", Fate.DELIVERED),
        (b"EXPIRED", Fate.FAILED),
        (b"DELETED", Fate.FAILED),
        (b"UNDELIV", Fate.FAILED),
        (b"ACCEPTD", Fate.PENDING),
        (b"UNKNOWN", Fate.PENDING),
        (b"REJECTD", Fate.FAILED),
        (b"MI:0029", Fate.FAILED),
    ],
)
def test_what_a_state_means(stat: bytes, fate: Fate) -> None:
    body = join(DELIVER_20, Registered_Delivery=b"\1", Msg_Content=report(21, stat))
    assert read_receipt(pdu.read_deliver(body, pdu.VERSIONS["2.0"]), "line-a", "86").fate is fate


@pytest.mark.parametrize(("version", "number"), [("2.0", "20"), ("3.0", "30")])
def test_a_login_octet_by_octet(version: str, number: str) -> None:
    digest = hashlib.md5(b"901234" + bytes(9) + b"secret" + b"0102030405", usedforsecurity=False).hexdigest()
    login = pdu.connect("901234", "secret", pdu.VERSIONS[version], "0102030405")
    expected = "00000027 00000001 00000007 393031323334" + digest + number + "0614dc45"
    assert pdu.frame(pdu.CONNECT, 7, login) == bytes.fromhex(expected)


@pytest.mark.parametrize(
    ("octets", "read"),
    [
        pytest.param("b9700a1e00c80001 00", ("b9700a1e00c80001", 0), id="2.0"),
        pytest.param("b9700a1e00c80001 00000000", ("b9700a1e00c80001", 0), id="3.0"),
        pytest.param("0000000000000000 08", ("", 8), id="2.0 refuses"),
        pytest.param("0000000000000000 0000000d", ("", 13), id="3.0 refuses"),
    ],
)
def test_an_answer_to_a_submit_octet_by_octet(octets: str, read: tuple[str, int]) -> None:
    msg_id, result = pdu.read_submit_resp(bytes.fromhex(octets))
    assert (spelled(msg_id), result) == read


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        pytest.param("00" + "ab" * 16 + "20", 0, id="2.0"),
        pytest.param("03" + "00" * 16 + "20", 3, id="2.0 refuses"),
        pytest.param("00000000" + "ab" * 16 + "30", 0, id="3.0"),
        pytest.param("00000004" + "00" * 16 + "20", 4, id="3.0 refuses"),
        pytest.param("04" + "00" * 16 + "20", 4, id="2.0 refuses a login of 3.0"),
    ],
)
def test_an_answer_to_a_login_octet_by_octet(octets: str, status: int) -> None:
    assert pdu.read_connect_resp(bytes.fromhex(octets)) == status


@pytest.mark.parametrize(("version", "octets"), [("2.0", "01" * 8 + "08"), ("3.0", "01" * 8 + "00000008")])
def test_our_answer_to_a_deliver_octet_by_octet(version: str, octets: str) -> None:
    assert pdu.deliver_resp(b"\1" * 8, 8, pdu.VERSIONS[version]) == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("result", "reason", "retry"),
    [
        (1, Reason.REJECTED, False),
        (3, Reason.GATEWAY_ERROR, True),
        (6, Reason.REJECTED, False),
        (8, Reason.THROTTLED, True),
        (9, Reason.GATEWAY_ERROR, True),
        (10, Reason.REJECTED, False),
        (13, Reason.BAD_ADDRESS, False),
        (255, Reason.GATEWAY_ERROR, True),
    ],
)
def test_what_a_result_means(result: int, reason: Reason, retry: bool) -> None:
    error = submit_answer(bytes(8), result)
    assert isinstance(error, ChannelError)
    assert (error.reason, error.retry) == (reason, retry)
    assert str(result) in error.detail


@pytest.mark.parametrize(
    ("status", "reason"),
    [(2, Reason.CREDENTIALS), (3, Reason.CREDENTIALS), (4, Reason.CREDENTIALS), (5, Reason.GATEWAY_ERROR)],
)
def test_a_refused_login_may_be_tried_again(status: int, reason: Reason) -> None:
    error = login_refusal(status)
    assert (error.reason, error.retry) == (reason, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"company": "9012345"},
        {"source": "1" * 22},
        {"service_id": "A" * 11},
        {"fee_type": "1"},
        {"fee_code": "1234567"},
        {"fee_user_type": 4},
        {"version": "1.2"},
    ],
)
def test_what_has_no_room_in_its_field_is_refused_at_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(7890, **wrong)
