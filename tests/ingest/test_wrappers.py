"""Alerts inside other documents, whatever these are called."""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import escape

import pytest

from warnengine.ingest.formats import Reading, read
from warnengine.model.errors import RefusedWarning

Build = Callable[..., bytes]
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">{}</feed>'


def rules(warning: object) -> set[str]:
    return {problem.rule for problem in warning.problems}  # type: ignore[attr-defined]


@pytest.fixture
def alert(cap: Build, info: Callable[..., str]) -> str:
    return cap(info(code="500151"), identifier="A").decode()


WRAPPERS = [
    "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><push>{}</push></s:Body></s:Envelope>",
    "<response><code>0</code><data><list>{}</list></data></response>",
    "<rss><channel><item><description>{}</description></item></channel></rss>",
    ATOM.format("<entry><content type='application/cap+xml'>{}</content></entry>"),
]


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("how", ["as it is", "escaped", "cdata"])
def test_an_alert_is_found(reading: Reading, alert: str, wrapper: str, how: str) -> None:
    inside = {"as it is": alert, "escaped": escape(alert), "cdata": f"<![CDATA[{alert}]]>"}[how]
    assert [warning.identifier for warning in read(wrapper.format(inside).encode(), reading)] == ["A"]


def test_a_doctype_inside_a_text_is_refused_like_any(reading: Reading, alert: str) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        read(WRAPPERS[2].format(escape("<!DOCTYPE alert>" + alert)).encode(), reading)
    assert refusal.value.reason == "doctype"


def test_an_alert_escaped_twice_is_no_alert(reading: Reading, alert: str) -> None:
    twice = escape(f"<alerts><alert>{escape(alert)}</alert></alerts>")
    with pytest.raises(RefusedWarning) as refusal:
        read(f"<alerts>{twice}</alerts>".encode(), reading)
    assert refusal.value.reason == "missing_field"


ROW = """<entry><id>https://a.example/1</id><title>Excessive Heat Warning issued May 07</title>
<updated>2026-07-27T05:54:30+08:00</updated><author><name>w@a.example</name></author><summary>hot</summary>
<link href="https://a.example/1"/>{}
<cap:effective>2026-07-27T05:54:30+08:00</cap:effective><cap:expires>2026-07-27T20:00:00+08:00</cap:expires>
<cap:status>Actual</cap:status><cap:msgType>Alert</cap:msgType><cap:severity>Moderate</cap:severity>
<cap:areaDesc>Somewhere</cap:areaDesc>
<cap:geocode><valueName>FIPS6</valueName><value>004012</value><valueName>UGC</valueName><value>AZZ1</value></cap:geocode>
</entry>"""


@pytest.mark.parametrize("event", ["<cap:event>Excessive Heat Warning</cap:event>", ""])
def test_a_row_of_an_index_is_read_and_says_what_it_is(reading: Reading, event: str) -> None:
    (warning,) = read(ATOM.format(ROW.format(event)).encode(), reading)
    (claim,) = warning.claims
    assert (warning.identifier, warning.sender, claim.area.name) == (
        "https://a.example/1",
        "w@a.example",
        "Somewhere",
    )
    assert claim.level is not None
    assert claim.level.key == "yellow"
    assert "index_row" in rules(warning)
    assert "namespace" not in rules(warning)


def test_an_rss_row_has_the_time_of_its_item(reading: Reading) -> None:
    row = (
        ROW.format("")
        .replace("updated>", "pubDate>")
        .replace("2026-07-27T05:54:30+08:00</p", "Mon, 27 Jul 2026 05:54:30 +0800</p")
    )
    text = ATOM.format(row.replace("entry>", "item>").replace("<id>", "<guid>").replace("</id>", "</guid>"))
    (warning,) = read(text.encode(), reading)
    assert warning.sent.isoformat() == "2026-07-27T05:54:30+08:00"


def test_the_fields_of_an_alert_in_an_entry_are_one(reading: Reading, alert: str) -> None:
    bare = alert[alert.index(">") + 1 :].removesuffix("</alert>")
    (warning,) = read(ATOM.format(f"<entry><id>e</id>{bare}</entry>").encode(), reading)
    assert warning.identifier == "A"
    assert "index_row" not in rules(warning)


@pytest.mark.parametrize(
    "entry",
    [
        "<link href='x'/>",
        "<cap:event>News</cap:event><cap:area><cap:areaDesc>Gävle</cap:areaDesc></cap:area>",
        "<cap:sender>a</cap:sender><cap:identifier>1</cap:identifier><cap:sent>2026-07-27T05:54:30+08:00</cap:sent>",
    ],
)
def test_entries_that_say_too_little_are_links(reading: Reading, entry: str) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        read(ATOM.format(f"<entry><id>e</id>{entry}</entry>").encode(), reading)
    assert refusal.value.reason == "links_only"


def test_links_beside_alerts_do_not_go_unnoticed(reading: Reading, alert: str) -> None:
    entries = f"<entry><content>{alert}</content></entry><entry><link href='x'/></entry>"
    (warning,) = read(ATOM.format(entries).encode(), reading)
    assert "links_beside" in rules(warning)


def test_many_refusals_are_told_in_few_words(reading: Reading, alert: str) -> None:
    bad = alert.replace("<sender>", "<x>").replace("</sender>", "</x>")
    (warning,) = read(f"<alerts>{alert}{bad * 50}</alerts>".encode(), reading)
    told = [problem for problem in warning.problems if problem.rule == "beside_refused"]
    assert 0 < len(told) < 10
    assert "45 further" in told[-1].message


def test_what_is_no_wrapper_and_no_alert_is_named(reading: Reading) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        read(b"<html><body>login</body></html>", reading)
    assert refusal.value.reason == "unknown_format"
    assert "<html>" in str(refusal.value)
