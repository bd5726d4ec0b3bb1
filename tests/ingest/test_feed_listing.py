"""What a feed lists: links of Atom and RSS, alerts that it holds, and what is no feed at all."""

from __future__ import annotations

import pytest

from warnengine.ingest.feed_listing import MOST, read_listing
from warnengine.model.errors import RefusedWarning
from warnengine.model.feed import Link

HOME = "https://alerts.example.cn/v1/atom.xml"
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom">{}</feed>'
RSS = '<rss version="2.0"><channel>{}</channel></rss>'
ALERT = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>x</identifier></alert>'


def entry(*links: str, id_: str = "e1", updated: str = "2026-07-27T03:00:00Z") -> str:
    return f"<entry><id>{id_}</id><updated>{updated}</updated>{''.join(links)}</entry>"


def item(*parts: str) -> str:
    return f"<item>{''.join(parts)}</item>"


CASES = [
    pytest.param(ATOM.format(""), [], id="an empty feed is an answer"),
    pytest.param(
        ATOM.format(entry('<link href="a.xml"/>')), ["https://alerts.example.cn/v1/a.xml"], id="relative"
    ),
    pytest.param(ATOM.format(entry('<link href="/a"/>')), ["https://alerts.example.cn/a"], id="from the root"),
    pytest.param(
        ATOM.format(
            entry(
                '<link rel="alternate" type="text/html" href="https://www.example.cn/page"/>',
                '<link rel="alternate" type="application/cap+xml" href="https://cap.example.cn/1"/>',
            )
        ),
        ["https://cap.example.cn/1"],
        id="the CAP document, not the page",
    ),
    pytest.param(
        ATOM.format(entry('<link rel="self" href="e.xml"/>', '<link href="https://cap.example.cn/page"/>')),
        ["https://cap.example.cn/page"],
        id="not the entry itself",
    ),
    pytest.param(
        ATOM.format('<entry xml:base="https://cap.example.cn/d/"><link href="a.xml"/></entry>'),
        ["https://cap.example.cn/d/a.xml"],
        id="xml:base",
    ),
    pytest.param(
        ATOM.format(entry('<content type="application/cap+xml" src="c.xml"/>')),
        ["https://alerts.example.cn/v1/c.xml"],
        id="content elsewhere",
    ),
    pytest.param(
        RSS.format(item("<link> https://cap.example.cn/2 </link>", "<pubDate>now</pubDate>")),
        ["https://cap.example.cn/2"],
        id="RSS",
    ),
    pytest.param(
        RSS.format(item("<link>https://a.cn/page</link>", '<enclosure url="https://a.cn/c.cap" type=""/>')),
        ["https://a.cn/c.cap"],
        id="an enclosure",
    ),
    pytest.param(
        RSS.format(item('<guid isPermaLink="true">https://a.cn/g</guid>')), ["https://a.cn/g"], id="a guid"
    ),
    pytest.param(
        ATOM.format(entry('<link href="a"/>') + entry('<link href="b"/>') + entry('<link href="a"/>')),
        ["https://alerts.example.cn/v1/a", "https://alerts.example.cn/v1/b"],
        id="one address once, in the order of the list",
    ),
]


@pytest.mark.parametrize(("body", "urls"), CASES)
def test_links(body: str, urls: list[str]) -> None:
    listing = read_listing(body.encode(), HOME)
    assert [link.url for link in listing.links] == urls
    assert (listing.holds, listing.lost) == (False, 0)


def test_an_entry_that_was_updated_is_another_version_of_its_document() -> None:
    first, second = (
        read_listing(ATOM.format(entry('<link href="a"/>', updated=at)).encode(), HOME).links[0]
        for at in ("2026-07-27T03:00:00Z", "2026-07-27T03:05:00Z")
    )
    assert first == Link(second.url, first.stamp)
    assert first.stamp != second.stamp


@pytest.mark.parametrize(
    "body",
    [
        ATOM.format(f"<entry><content>{ALERT}</content></entry>"),
        RSS.format(item(ALERT)),
        f"<alerts>{ALERT}</alerts>",
        ALERT,
        f"<EDXLDistribution>{ALERT}</EDXLDistribution>",
    ],
)
def test_alerts_that_the_list_holds_itself(body: str) -> None:
    listing = read_listing(body.encode(), HOME)
    assert (listing.holds, listing.links) == (True, ())


def test_a_feed_with_both_kinds_of_entries() -> None:
    body = ATOM.format(f"<entry><content>{ALERT}</content></entry>" + entry('<link href="a"/>'))
    listing = read_listing(body.encode(), HOME)
    assert (listing.holds, len(listing.links)) == (True, 1)


def test_an_entry_that_leads_nowhere_is_counted_unless_somebody_has_said_what_counts() -> None:
    body = ATOM.format(entry() + entry('<link href="https://a.cn/news"/>') + entry(f'<link href="{"x" * 3000}"/>'))
    assert read_listing(body.encode(), HOME).lost == 2
    chosen = read_listing(body.encode(), HOME, r"\.xml$")
    assert (chosen.lost, chosen.links) == (0, ())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(ATOM.format(entry('<link href="a"/>'))[:-20], "malformed", id="cut short"),
        pytest.param("", "not_xml", id="nothing at all is not an empty list"),
        pytest.param("<html><body>维护中</body></html>", "no_feed", id="a page of maintenance"),
        pytest.param("<!DOCTYPE feed><feed/>", "doctype", id="a document type"),
        pytest.param(ATOM.format("<entry/>" * (MOST + 1)), "too_many_entries", id="endless"),
    ],
)
def test_from_what_is_no_list_nothing_is_concluded(body: str, reason: str) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        read_listing(body.encode(), HOME)
    assert refusal.value.reason == reason
