"""The night is a fair one: real wording, real codes, every trap that the field knows."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from warnengine.demo import scenario


def _fields(message: scenario.Message) -> dict[str, str]:
    root = etree.fromstring(message.xml())
    return {str(node.tag): node.text or "" for node in root.iter() if isinstance(node.tag, str) and not len(node)}


@pytest.mark.parametrize("message", scenario.MESSAGES, ids=lambda message: message.text[:24])
class TestMessage:
    def test_is_issued_by_the_old_county_code(self, message: scenario.Message) -> None:
        fields = _fields(message)
        assert fields["senderCode"] == "50022441600000"
        assert re.fullmatch(r"50022441600000_\d{14}", fields["identifier"])
        assert all(code.startswith("500224") and len(code) == 12 for code in fields["geocode"].split(","))

    def test_refers_to_the_first_issue(self, message: scenario.Message) -> None:
        first = "" if message is scenario.BLUE else scenario.BLUE.identifier
        assert _fields(message)["references"] == first

    def test_names_its_townships_in_text_and_code(self, message: scenario.Message) -> None:
        fields = _fields(message)
        assert len(fields["areaDesc"].split(",")) == len(fields["geocode"].split(","))


def test_identifiers_are_all_different() -> None:
    messages = (*scenario.MESSAGES, scenario.EXERCISE)
    assert len({message.identifier for message in messages}) == len(messages)


def test_red_names_25_of_28_and_begins_before_its_issue() -> None:
    named = [town for town in scenario.TOWNS if town in scenario.RED.text]
    assert len(scenario.TOWNS) == 28
    assert len(named) == 25
    assert not {"双山镇", "高楼镇", "维新镇"} & set(named)
    assert "5时54分发布" in scenario.RED.text
    assert "27日5时至8时" in scenario.RED.text


def test_some_messages_leave_onset_and_expires_empty() -> None:
    empty = [message for message in scenario.MESSAGES if not _fields(message)["expires"]]
    assert 0 < len(empty) < len(scenario.MESSAGES)


def test_events_come_in_order_and_never_before_their_issue() -> None:
    events = scenario.night()
    assert [event.at for event in events] == sorted(event.at for event in events)
    issued = {message.xml(): message.entered for message in scenario.MESSAGES}
    assert all(event.at > issued[event.body] for event in events if event.body in issued)


def test_one_message_is_malformed() -> None:
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(scenario.MALFORMED)


def test_the_night_comes_by_both_ways() -> None:
    assert {way for event in scenario.night() for way in event.via} == {"kafka", "http"}
