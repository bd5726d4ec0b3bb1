"""A feed that is polled, over real connections: what comes in, what fails, and what nothing is concluded from."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from prometheus_client import REGISTRY

from tests.channels.test_email import certificate
from tests.store.feed_server import FeedServer, broken, chunks, moved, packed, serving, short
from tests.store.world import World
from warnengine.app.feeds import Feeds
from warnengine.demo import scenario
from warnengine.ingest import formats
from warnengine.ingest.feed import FeedSource
from warnengine.ingest.feed_network import open_web
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.intake import Intake
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.feed import Trouble
from warnengine.settings import Feed
from warnengine.store.feeds import FeedStore

MINUTE = timedelta(minutes=1)
LOOPBACK = ["127.0.0.1/32"]
BLUE = scenario.BLUE


def message(number: int, **changes: Any) -> bytes:
    """The blue under an identifier of its own."""
    return replace(BLUE, entered=BLUE.entered + timedelta(seconds=number), **changes).xml()


@dataclass
class Place:
    """A world, a feed server, and the feed between them."""

    world: World
    server: FeedServer

    def feed(self, **changes: Any) -> Feed:
        usual = {"name": "national", "title": "国家突发", "kind": "atom", "url": f"{self.server.url}/atom"}
        return Feed.model_validate({**usual, "inside": LOOPBACK, "max_bytes": 100_000, **changes})

    def source(self, resolver: Callable[[], AbstractResolver] | None = None, **changes: Any) -> FeedSource:
        return FeedSource(self.feed(**changes), self.store, self.world.engine.take, lambda: 0.5, resolver)

    @property
    def store(self) -> FeedStore:
        return FeedStore(self.world.database, self.world.book.district.code)

    def feeds(self, **changes: Any) -> Feeds:
        return Feeds((self.feed(**changes),), self.store)

    async def poll(self, source: FeedSource) -> None:
        """It is time again."""
        await self.world.execute("UPDATE feed SET next_at = '-infinity'")
        await source.step()

    async def state(self) -> dict[str, Any]:
        rows = await self.world.rows("SELECT * FROM feed")
        return dict(rows[0])

    async def positions(self) -> list[str]:
        """Paths of all that came by the feed."""
        rows = await self.world.rows("SELECT position FROM arrival WHERE source = 'national' ORDER BY id")
        return [row["position"].removeprefix(self.server.url) for row in rows]

    async def tasks(self) -> list[str]:
        """What the duty room is told of feeds, now."""
        rows = await self.world.rows("SELECT words FROM task WHERE kind = 'feed' AND closed_at IS NULL")
        return [row["words"] for row in rows]


@pytest.fixture
async def place(world: World) -> AsyncIterator[Place]:
    book = world.book
    reading = Reading({book.district.code: book.district}, book.hazard_table)
    world.engine.intake = Intake(world.engine.warnings, lambda raw: formats.read(raw, reading), book)
    async with serving() as server:
        for number, name in enumerate("abc"):
            server.pages[f"/cap/{name}"] = message(number)
        server.atom("a", "b", "c")
        yield Place(world, server)


async def test_every_document_comes_in_once(place: Place) -> None:
    source = place.source()
    await place.poll(source)
    assert sorted(await place.positions()) == ["/cap/a", "/cap/b", "/cap/c"]
    assert await place.world.value("SELECT count(*) FROM warning") == 3
    await place.poll(source)
    assert place.server.times("/atom") == {200: 1, 304: 1}
    assert place.server.times("/cap/a") == {200: 1}
    assert (await place.state())["failures"] == 0


async def test_a_feed_without_validators_brings_nothing_twice(place: Place) -> None:
    place.server.validates = False
    source = place.source()
    await place.poll(source)
    await place.poll(source)
    assert place.server.times("/atom") == {200: 2}
    assert place.server.times("/cap/a") == {200: 1}
    assert len(await place.positions()) == 3


async def test_what_came_by_the_feed_is_the_same_by_any_other_way(place: Place) -> None:
    await place.poll(place.source())
    taken = await place.world.engine.take(Arrival("bureau", "1", message(0)))
    assert taken.verdict is Verdict.REPEAT


async def test_an_updated_entry_is_fetched_again(place: Place) -> None:
    source = place.source()
    await place.poll(source)
    place.server.pages["/cap/a"] = message(10)
    place.server.atom("a", "b", updated="2026-07-27T03:05:00Z")
    await place.poll(source)
    assert place.server.times("/cap/a") == {200: 2}
    assert place.server.times("/cap/b") == {200: 1, 304: 1}
    assert (await place.positions())[3:] == ["/cap/a"]


async def test_the_same_address_may_change_its_content(place: Place) -> None:
    source = place.source()
    await place.poll(source)
    place.server.pages["/cap/a"] = message(10)
    await place.poll(source)
    assert place.server.times("/cap/a") == {200: 1}
    await place.world.jump(11 * MINUTE)
    await place.poll(source)
    assert place.server.times("/cap/a") == {200: 2}
    assert place.server.times("/cap/b") == {200: 1, 304: 1}
    assert (await place.positions())[3:] == ["/cap/a"]


async def test_what_a_list_drops_is_not_cancelled_and_not_fetched_again_when_it_comes_back(place: Place) -> None:
    await place.world.jump(BLUE.entered - await place.world.now())
    source = place.source()
    await place.poll(source)
    await place.world.react()
    before = await place.world.rows("SELECT area, hazard, statements FROM cell ORDER BY area, hazard")
    orders = await place.world.value("SELECT count(*) FROM order_version")
    for names in (("a",), (), ("a", "b", "c")):
        place.server.atom(*names)
        await place.poll(source)
        await place.world.react()
    assert await place.world.rows("SELECT area, hazard, statements FROM cell ORDER BY area, hazard") == before
    assert await place.world.value("SELECT count(*) FROM order_version") == orders > 0
    assert len(await place.positions()) == 3
    assert await place.tasks() == []


BIG = b"<feed>" + b" " * 200_000 + b"</feed>"
FAILURES: dict[str, tuple[Any, Trouble]] = {
    "404": (broken(404), Trouble.REFUSED),
    "500": (broken(500), Trouble.REFUSED),
    "a part, which nobody asked for": (broken(206), Trouble.TRUNCATED),
    "304 to a question that set no condition": (broken(304), Trouble.REFUSED),
    "no content is not an empty list": (broken(204), Trouble.REFUSED),
    "an empty body is not one either": (chunks(), Trouble.UNREADABLE),
    "a page of maintenance": (chunks(b"<html><body>/</body></html>"), Trouble.UNREADABLE),
    "cut short, and the server says so": (short(b"<feed>", 500), Trouble.TRUNCATED),
    "cut short, and nobody says so": (chunks(b"<feed><entry>"), Trouble.UNREADABLE),
    "a broken connection": (chunks(b"<feed>", then="break"), Trouble.TRUNCATED),
    "too large, announced": (short(b"<feed>", 200_000), Trouble.TOO_LARGE),
    "too large, not announced": (chunks(BIG[:90_000], BIG[:90_000], BIG), Trouble.TOO_LARGE),
    "a gzip bomb": (packed(b"0" * 50_000_000), Trouble.TOO_LARGE),
    "a gzip bomb that does not say so": (packed(b"0" * 50_000_000, told=False), Trouble.TOO_LARGE),
    "gzip cut short": (packed(b"<feed></feed>", cut=-9), Trouble.TRUNCATED),
    "gzip that is none": (broken(200, Content_Encoding="gzip"), Trouble.UNREADABLE),
    "packed as nobody asked": (packed(b"", told=False), Trouble.UNREADABLE),
    "a redirect to another host": (moved("http://evil.example/atom"), Trouble.FORBIDDEN),
    "a redirect to a cloud's metadata": (moved("http://169.254.169.254/"), Trouble.FORBIDDEN),
    "a redirect to a file": (moved("file:///etc/passwd"), Trouble.FORBIDDEN),
    "a redirect to itself": (moved("/atom"), Trouble.FORBIDDEN),
    "a redirect to nowhere": (moved(""), Trouble.FORBIDDEN),
}


@pytest.mark.parametrize("case", FAILURES)
async def test_from_a_poll_that_fails_nothing_follows(place: Place, case: str) -> None:
    answer, trouble = FAILURES[case]
    place.server.answers["/atom"] = answer
    await place.poll(place.source())
    state = await place.state()
    assert (state["trouble"], state["failures"], state["succeeded_at"]) == (trouble, 1, None), state["detail"]
    assert await place.positions() == []
    assert place.server.times("/cap/a") == {}


@pytest.mark.parametrize("case", ["500", "cut short, and nobody says so", "an empty body is not one either"])
async def test_a_failure_after_a_success_keeps_all_that_is_known(place: Place, case: str) -> None:
    source = place.source()
    await place.poll(source)
    known = await place.state()
    listed = await place.world.rows("SELECT url, had FROM feed_document WHERE listed ORDER BY url")
    place.server.answers["/atom"] = FAILURES[case][0]
    for failures in (1, 2):
        await place.poll(source)
        assert (await place.state())["failures"] == failures
    state = await place.state()
    assert [state[name] for name in ("etag", "sha256", "succeeded_at")] == [
        known[name] for name in ("etag", "sha256", "succeeded_at")
    ]
    assert await place.world.rows("SELECT url, had FROM feed_document WHERE listed ORDER BY url") == listed
    del place.server.answers["/atom"]
    await place.poll(source)
    assert place.server.asked[-1] == ("/atom", 304)
    assert (await place.state())["failures"] == 0


@pytest.mark.parametrize("form", ["gzip", "gzip that does not say so", "gzip in two members", "a redirect"])
async def test_forms_in_which_a_whole_list_may_come(place: Place, form: str) -> None:
    body = place.server.pages["/atom"]
    place.server.pages["/moved"] = body
    place.server.answers["/atom"] = {
        "gzip": packed(body),
        "gzip that does not say so": packed(body, told=False),
        "gzip in two members": packed(body, twice=True),
        "a redirect": moved("/moved"),
    }[form]
    await place.poll(place.source())
    assert (await place.state())["trouble"] is None
    assert len(await place.positions()) == 3


async def test_a_server_that_never_ends_is_left(place: Place) -> None:
    place.server.answers["/atom"] = chunks(b"<feed>", then="wait", server=place.server)
    await place.poll(place.source(answer_seconds=0.3))
    assert (await place.state())["trouble"] == "unreachable"


async def test_a_server_that_is_gone(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    await place.poll(place.source(url=f"http://127.0.0.1:{port}/atom"))
    assert (await place.state())["trouble"] == "unreachable"


async def test_an_address_inside_is_not_connected_to_unless_it_is_allowed_by_name(place: Place) -> None:
    await place.poll(place.source(inside=[]))
    state = await place.state()
    assert (state["trouble"], place.server.asked) == ("forbidden", [])
    assert "127.0.0.1 is inside" in state["detail"]


class Names(AbstractResolver):
    """A name server that says what it likes."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        self.asked.append(host)
        address = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        pass


def named(place: Place, host: str = "alerts.example.cn") -> str:
    return f"http://{host}:{place.server.url.rpartition(':')[2]}"


async def test_a_name_is_resolved_once_in_a_poll(place: Place) -> None:
    names = Names("127.0.0.1", "127.0.0.2")
    await place.poll(place.source(lambda: names, url=f"{named(place)}/atom", in_flight=1))
    assert len(await place.positions()) == 3
    assert names.asked == ["alerts.example.cn"]


async def test_a_name_that_turns_inwards_is_not_followed(place: Place) -> None:
    names = Names("127.0.0.1", "127.0.0.2", "169.254.169.254", "127.0.0.1")
    source = place.source(lambda: names, url=f"{named(place)}/atom")
    found = []
    for _ in range(4):
        await place.poll(source)
        found.append((await place.state())["trouble"])
    assert found == [None, "forbidden", "forbidden", None]


async def test_links_lead_to_listed_hosts_only_and_what_is_withheld_is_told(place: Place) -> None:
    links = "".join(
        f'<entry><id>{url}</id><link href="{url}"/></entry>'
        for url in ("/cap/a", f"{named(place, 'cap.example.cn')}/cap/b", f"{named(place, 'evil.example')}/cap/c")
    )
    place.server.pages["/atom"] = f"<feed>{links}</feed>".encode()
    port = place.server.url.rpartition(":")[2]
    changes = {"url": f"{named(place)}/atom", "hosts": [f"cap.example.cn:{port}"], "headers": {"X-Key": "geheim"}}
    await place.poll(place.source(lambda: Names("127.0.0.1"), **changes))
    assert {path for path, _ in place.server.asked} == {"/atom", "/cap/a", "/cap/b"}
    assert {path for path, sent in place.server.headers if "X-Key" in sent} == {"/atom", "/cap/a"}
    feeds = place.feeds(**changes)
    await feeds.judge()
    assert await place.tasks() == []
    await place.world.jump(16 * MINUTE)
    await place.poll(place.source(lambda: Names("127.0.0.1"), **changes))
    await feeds.judge()
    (words,) = await place.tasks()
    assert "列出的1份预警取不到正文" in words
    assert "evil.example" in words
    assert "hosts" in words


async def test_a_secret_of_the_address_is_kept_nowhere(place: Place) -> None:
    place.server.pages["/atom"] = b"<alerts>" + message(0).partition(b"?>")[2] + b"</alerts>"
    await place.poll(place.source(query={"key": "geheim"}))
    assert place.server.queries[0] == "key=geheim"
    assert await place.positions() == ["/atom"]
    place.server.answers["/atom"] = moved("http://evil.example/?key=geheim")
    await place.poll(place.source(query={"key": "geheim"}))
    assert "geheim" not in str(await place.state())


async def test_a_document_that_cannot_be_had_does_not_hold_up_the_others(place: Place) -> None:
    place.server.answers["/cap/b"] = broken(500)
    source = place.source()
    await place.poll(source)
    assert sorted(await place.positions()) == ["/cap/a", "/cap/c"]
    await place.world.jump(20 * MINUTE)
    await place.poll(source)
    await place.feeds().judge()
    assert "列出的1份预警取不到正文" in (await place.tasks())[0]
    del place.server.answers["/cap/b"]
    await place.world.jump(MINUTE)
    await place.poll(source)
    assert place.server.times("/atom") == {200: 1, 304: 2}, "also where the list is the same"
    assert sorted(await place.positions()) == ["/cap/a", "/cap/b", "/cap/c"]
    await place.feeds().judge()
    assert await place.tasks() == []


async def test_a_document_that_came_as_a_page_of_maintenance_is_asked_for_again_and_judged_once(
    place: Place,
) -> None:
    good, page = place.server.pages["/cap/b"], "<html><body>系统维护</body></html>".encode()
    place.server.pages["/cap/b"] = page
    source = place.source()
    for _ in range(3):
        await place.poll(source)
        await place.world.jump(MINUTE)
    assert await place.world.value("SELECT count(*) FROM arrival WHERE verdict = 'quarantined'") == 1
    place.server.pages["/cap/b"] = good
    await place.poll(source)
    assert await place.world.value("SELECT count(*) FROM warning") == 3
    await place.feeds().judge()
    assert await place.tasks() == []


async def test_a_document_that_was_listed_and_never_had_is_still_asked_for_when_the_list_has_dropped_it(
    place: Place,
) -> None:
    place.server.answers["/cap/b"] = broken(500)
    source = place.source()
    await place.poll(source)
    place.server.atom("a", "c")
    del place.server.answers["/cap/b"]
    await place.world.jump(MINUTE)
    await place.poll(source)
    assert sorted(await place.positions()) == ["/cap/a", "/cap/b", "/cap/c"]
    await place.poll(source)
    assert place.server.times("/cap/b") == {500: 1, 200: 1}


@pytest.mark.parametrize("seed", range(4))
async def test_however_polls_fail_in_between_what_has_come_in_at_the_end_is_the_same(
    place: Place, seed: int
) -> None:
    chance, source = random.Random(seed), place.source()
    listed: list[str] = []
    for number in range(8):
        listed = [*chance.sample(listed, min(len(listed), 3)), str(number)]
        place.server.pages[f"/cap/{number}"] = message(number)
        place.server.atom(*listed, updated=f"{number}")
        paths = ("/atom", *(f"/cap/{name}" for name in listed))
        broke = chance.sample(paths, chance.randint(0, len(paths)))
        place.server.answers = {path: chance.choice(list(FAILURES.values()))[0] for path in broke}
        await place.poll(source)
        await place.world.jump(chance.choice([MINUTE, 12 * MINUTE]))
        place.server.answers = {}
        if "/atom" in broke:  # what is never listed in a list that can be had is nobody's
            await place.poll(source)
            await place.world.jump(MINUTE)
    await place.poll(source)
    known = await place.world.column("SELECT identifier FROM warning ORDER BY identifier")
    assert len(known) == 8
    assert await place.world.value("SELECT count(*) FROM warning WHERE msg_type = 'Cancel'") == 0
    assert (await place.state())["failures"] == 0


async def test_of_many_documents_few_are_fetched_at_once(place: Place) -> None:
    running, most = 0, 0
    page = place.server._page

    async def counted(request: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1
        return await page(request)

    names = [str(number) for number in range(40)]
    for number, name in enumerate(names):
        place.server.pages[f"/cap/{name}"] = message(number)
        place.server.answers[f"/cap/{name}"] = counted
    place.server.atom(*names)
    await place.poll(place.source(in_flight=3))
    assert most <= 3
    assert len(await place.positions()) == 40


async def test_a_list_that_holds_its_alerts_is_one_arrival_and_one_broken_alert_costs_no_other(
    place: Place,
) -> None:
    place.server.pages["/atom"] = b"<alerts>" + message(0).partition(b"?>")[2] + b"<alert/></alerts>"
    source = place.source()
    await place.poll(source)
    await place.poll(source)
    assert await place.positions() == ["/atom"]
    assert await place.world.value("SELECT count(*) FROM warning") == 1
    assert (await place.state())["unread"] == ""


async def test_a_list_that_is_not_understood_any_more_is_told_until_one_is(place: Place) -> None:
    place.server.pages["/list"] = b"\x00\x01 no list"
    changes = {"kind": "json", "url": f"{place.server.url}/list"}
    source, feeds = place.source(**changes), place.feeds(**changes)
    for _ in range(3):  # the same bytes are judged once, and stay unread also when the server says 304
        await place.poll(source)
        await feeds.judge()
        (words,) = await place.tasks()
        assert "读不懂" in words
    assert await place.world.value("SELECT count(*) FROM arrival WHERE verdict = 'quarantined'") == 1
    place.server.pages["/list"] = message(0)
    await place.poll(source)
    await feeds.judge()
    assert await place.tasks() == []
    assert feeds.silent == {}


async def test_documents_that_cannot_be_read_any_more_are_told(place: Place) -> None:
    source = place.source()
    for name in "abc":
        place.server.pages[f"/cap/{name}"] = b"{not xml"
    await place.poll(source)
    await place.feeds().judge()
    assert "接连3份" in (await place.tasks())[0]
    place.server.pages["/cap/d"] = message(4)
    place.server.atom("d")
    await place.poll(source)
    await place.feeds().judge()
    assert await place.tasks() == []


async def test_a_silent_feed_is_told_once_goes_by_itself_and_stays_closed_by_a_person(place: Place) -> None:
    source, feeds = place.source(), place.feeds()
    await place.poll(source)
    place.server.answers["/atom"] = broken(503)
    await place.world.jump(14 * MINUTE)
    await place.poll(source)
    await feeds.judge()
    assert await place.tasks() == []
    await place.world.jump(2 * MINUTE)
    await feeds.judge()
    await feeds.judge()
    (words,) = await place.tasks()
    assert "“国家突发”断了" in words
    assert "HTTP 503" in words
    assert REGISTRY.get_sample_value("ews_feed_silent", {"source": "national", "why": "unreachable"}) == 1
    assert feeds.silent == {"national": words}
    await place.world.execute(
        "UPDATE task SET closed_at = engine_now(), result = 'done', by = '张三' WHERE kind = 'feed'"
    )
    await feeds.judge()
    assert await place.tasks() == [], "who has closed it knows"
    del place.server.answers["/atom"]
    await place.poll(source)
    await feeds.judge()
    assert REGISTRY.get_sample_value("ews_feed_silent", {"source": "national", "why": "unreachable"}) is None
    await place.world.jump(16 * MINUTE)
    await feeds.judge()
    assert len(await place.tasks()) == 1, "this is another silence"


async def test_a_feed_that_is_configured_no_more_is_not_told_of(place: Place) -> None:
    place.server.answers["/atom"] = broken(503)
    await place.poll(place.source())
    await place.world.jump(16 * MINUTE)
    await place.feeds().judge()
    assert len(await place.tasks()) == 1
    await Feeds((), place.store).judge()
    assert await place.tasks() == []


async def test_a_relay_that_answers_and_serves_old_news_is_told(place: Place) -> None:
    await place.poll(place.source())
    await place.feeds(stale_hours=1).judge()
    (words,) = await place.tasks()
    assert "疑似停更" in words
    assert "26日19:" in words


async def test_of_several_engines_one_polls(place: Place) -> None:
    sources = [place.source() for _ in range(5)]
    await asyncio.gather(*(source.step() for source in sources))
    assert place.server.times("/atom") == {200: 1}
    await asyncio.gather(*(source.step() for source in sources))
    assert place.server.times("/atom") == {200: 1}, "it is not time again"


async def test_whoever_dies_while_polling_is_followed_and_writes_nothing_when_it_wakes(place: Place) -> None:
    frozen = await place.store.claim("national", MINUTE)
    assert frozen
    assert await place.store.claim("national", MINUTE) is None
    await place.poll(place.source())
    with pytest.raises(ConnectionError, match="another engine"):
        await place.store.listed(frozen, frozen.version, (), "")
    await place.store.failed(frozen, MINUTE, Trouble.REFUSED, "")
    assert (await place.state())["failures"] == 0
    assert await place.world.value("SELECT count(*) FROM feed_document WHERE listed") == 3


@pytest.mark.parametrize("what", ["/atom", "/cap/b"])
async def test_what_intake_could_not_keep_is_fetched_again(place: Place, what: str) -> None:
    if what == "/atom":
        place.server.pages["/atom"] = b"<alerts>" + message(0).partition(b"?>")[2] + b"</alerts>"
    lost = True

    async def take(arrival: Arrival) -> Taken:
        if lost and arrival.position.endswith(what):
            raise ConnectionError("the store does not answer")
        return await place.world.engine.take(arrival)

    source = replace(place.source(), take=take)
    with pytest.raises(ConnectionError):
        await place.poll(source)
    lost = False
    await place.poll(source)
    assert what in await place.positions()
    assert (await place.state())["trouble"] is None


async def test_the_lag_from_issue_to_receipt(place: Place) -> None:
    world = place.world
    await place.poll(place.source())
    await world.execute("UPDATE warning SET sent = engine_now() - interval '1 day'")
    assert await place.store.lags() == [], "what was issued before the source was there shows nothing"
    await world.execute("UPDATE warning SET sent = engine_now()")
    await world.execute(
        "UPDATE arrival SET received_at = engine_now() + interval '21 minutes' WHERE id > (SELECT min(id) FROM arrival)"
    )
    ((source, half, _, count),) = await place.store.lags()
    assert (source, half // MINUTE, count) == ("national", 21, 3)
    shown = await place.feeds().lights()
    assert any("国家突发:近7天3条新预警" in words for _, words in shown)
    assert (REGISTRY.get_sample_value("ews_source_lag_seconds_count", {"source": "national"}) or 0) >= 3


@pytest.mark.parametrize("trusts", [True, False])
async def test_only_a_certificate_that_we_trust_is_listened_to(place: Place, tmp_path: Path, trusts: bool) -> None:
    tls, ours = certificate(tmp_path, "127.0.0.1")
    async with serving(tls) as server:
        server.pages = place.server.pages
        trusted = {"ca_file": ours} if trusts else {}
        await place.poll(place.source(url=f"{server.url}/atom", **trusted))
    state = await place.state()
    assert state["trouble"] == (None if trusts else "unreachable")
    assert trusts or "certificate" in state["detail"].lower()
    assert len(await place.positions()) == (3 if trusts else 0)


async def test_nothing_is_unpacked_or_followed_by_the_client_itself(place: Place) -> None:
    async with open_web(place.feed()) as web:
        assert not web.trust_env
        assert not web.auto_decompress
