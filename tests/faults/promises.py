"""The promises as figures: how long until something leaves, is seen, is stopped, is put right; on this machine, by its sinks' clocks.

    python -m tests.faults.promises [--only P2,P7] [--dry]

Writes docs/faults/promises.json: {"date", "machine", "figures": [{"id", "what", "value", "goal", "unit", "met", "seen"}]}.
Settings are those that a bureau gets where it sets nothing, but for contract rates and addresses. Beside the machine's own work.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import math
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.faults import report
from tests.faults.__main__ import made
from tests.faults.district import ALL, PREFIXES, PROJECT, TOWNS, Holder, People
from tests.faults.processes import Child, until
from tests.faults.stage import Engine, Gateway, Seeds, Stage
from tests.faults.verdict import hold

FILE = PROJECT / "docs" / "faults" / "promises.json"
LEADERS = ("mayor", "secretary", "vice")
"""Posts of a township whose holders lead it."""
Json = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One measured promise."""

    id: str
    what: str
    value: float
    goal: float
    unit: str
    seen: str

    @property
    def met(self) -> bool:
        return self.value <= self.goal


Measure = Callable[[Stage], Awaitable[list[Figure]]]
MEASURES: dict[str, Measure] = {}


def measures(*promises: str) -> Callable[[Measure], Measure]:
    """Register what measures these promises."""

    def register(measure: Measure) -> Measure:
        MEASURES["+".join(promises)] = measure
        return measure

    return register


def district(per_town: int) -> People:
    """So many people in every town; three of them lead it, all others are on duty."""
    posts = itertools.chain(LEADERS, itertools.repeat("duty"))
    return People(
        f"district{per_town}",
        tuple(
            Holder(f"+86{PREFIXES[n % 3]}{30_000_000 + n:08d}", town, post, f"w{n}")
            for n, (post, town) in enumerate(itertools.product(itertools.islice(posts, per_town), ALL))
        ),
    )


def as_it_is() -> People:
    """As many, where a red calls them: leaders and duty of townships, sectors, and mostly villages and grids.

    The proportions are an assumption: no list of the district's villages is public, so the samples of the book stand for them.
    """
    folder = PROJECT / "rules" / "units"
    units = [
        unit
        for file in folder.glob("*.yaml")
        for unit in yaml.safe_load(file.read_text(encoding="utf-8")).get("units", ())
    ]
    posts = {
        "sector": ("duty", "vice", "head", "duty", "duty", "duty"),
        "village": ("secretary",) * 28,
        "grid": ("grid_member",) * 28,
    }
    measures = PROJECT / "rules" / "measures"
    silent = {
        file.stem
        for file in measures.glob("*.yaml")
        if "hazard: rainstorm" not in file.read_text(encoding="utf-8")
    }
    places = [
        (unit["code"], post)
        for unit in units
        if unit["code"] not in silent
        for post in posts.get(unit["kind"], ())
    ]
    towns = district(8).holders
    extra = (
        (code, post, f"x{n}", f"+86{PREFIXES[n % 3]}{40_000_000 + n:08d}") for n, (code, post) in enumerate(places)
    )
    return People("as_it_is", towns, tuple(extra))


async def staged(stage: Stage, people: People, **line: Any) -> tuple[Gateway, Engine]:
    """An engine with the settings of a fresh installation, and one SMS line."""
    del stage.settings["dispatch"]
    stage.settings["operators"] = [
        {"name": "值班员", "role": "duty", "token": "duty-token"},
        {"name": "带班领导", "role": "leader", "token": "leader-token"},
    ]
    await stage.database(people)
    gateway = await stage.smpp(answer=5, delay=0.02, settings=line)
    return gateway, await stage.running(dispatch={})


async def as_duty(engine: Engine, path: str, body: Json) -> Json:
    """POST as the officer on duty, by name."""
    headers = {"Authorization": "Bearer duty-token"}
    async with engine.web.post(path, json=body, headers=headers) as answer:
        said: Json = await answer.json()
        hold(answer.status < 300, f"{path}: {answer.status} {said}")
        return said


def worst_but(share: float, values: list[float]) -> float:
    """The percentile."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def firsts(lines: list[Json], words: str, since: float) -> dict[str, float]:
    """When each number was first sent a text with these words, after a moment."""
    found: dict[str, float] = {}
    for line in lines:
        if line["at"] >= since and line["part"] == 1 and words in line["text"]:
            found.setdefault(line["to"], line["at"])
    return found


@measures("P2", "first")
async def first_submit(stage: Stage) -> list[Figure]:
    """Reds for one town after another, fewer than an engine holds for a second look, while blues fill the line."""
    people = district(40)
    line, engine = await staged(stage, people, rate=30)
    await engine.warn(stage.bureau.warning("blue"))
    await asyncio.sleep(2)  # so that it is under way
    took = []
    for town in ALL[::2]:
        began = time.time()
        await engine.warn(stage.bureau.warning("red", [town]))
        numbers = {one.number for one in people.holders if one.town == town}

        async def there(since: float = began, wanted: set[str] = numbers) -> float:
            return min((at for to, at in firsts(line.submits(), "红", since).items() if to in wanted), default=0)

        took.append(await until(f"a red for {town}", there) - began)
        await asyncio.sleep(5)
    blue = sum("蓝" in one["text"] for one in line.submits())
    return [
        Figure(
            "P2.first_submit_p99", "red: warning handed in → first submit, p99 under load", round(worst_but(0.99, took), 2), 5, "s",
            f"{len(took)} reds while blues for {len(people.holders)} people filled a line of 30 parts a second ({blue} first parts "
            f"of blue out): median {worst_but(0.5, took):.2f} s, most {max(took):.2f} s",
        )
    ]  # fmt: skip


@dataclass(frozen=True)
class Fanout:
    """How one red went out: seconds after it was handed in, by number."""

    after: dict[str, float]
    parts: float
    rate: float

    @property
    def said(self) -> str:
        taken = sorted(self.after.values())
        return (
            f"{len(taken)} people, {self.parts:.1f} parts of SMS each: first submit after {taken[0]:.2f} s, "
            f"half of the people after {worst_but(0.5, taken):.1f} s, all after {taken[-1]:.1f} s"
        )


async def red(stage: Stage, people: People) -> Fanout:
    """A red for everybody by a line of 100 a second."""
    line, engine = await staged(stage, people, rate=100)
    began = time.time()
    await engine.warn(stage.bureau.warning("red"))
    everybody = {one.number for one in people.holders} | {number for *_, number in people.extra}

    async def all_tried() -> bool:
        taken = (await line.tell())["taken"]
        return taken >= len(everybody) and len(firsts(line.submits(), "", began)) == len(everybody)

    await until("everybody to be tried", all_tried, 200)
    await stage.settled(120)
    lines = line.submits()
    tried = firsts(lines, "", began)
    busy = [one["at"] for one in lines if one["at"] <= max(tried.values())]  # reminders come later, and slower
    return Fanout(
        {number: at - began for number, at in tried.items()},
        len(busy) / len(everybody),
        len(busy) / (max(busy) - min(busy)),
    )


@measures("P2", "rates")
async def whole_district(stage: Stage) -> list[Figure]:
    """A red for about 2,000 people, most of them in villages and grids."""
    people = as_it_is()
    out = await red(stage, people)
    leaders = [out.after[one.number] for one in people.holders if one.post in LEADERS]
    return [
        Figure("P2.leaders_tried", "every township leader tried, SMS 100 parts/s", round(max(leaders), 1), 10, "s",
               f"{len(leaders)} leaders of {len(ALL)} townships: {out.said}"),
        Figure("P2.all_tried", "all people of the district tried, SMS 100 parts/s",
               round(max(out.after.values()), 1), 60, "s", out.said),
        Figure("P2.rate_missed", "of the contracted rate not used while there is work", round(max(0, 100 - out.rate), 1), 10, "%",
               f"{out.rate:.1f} parts a second of 100"),
    ]  # fmt: skip


@measures("P2", "longest")
async def longest_texts(stage: Stage) -> list[Figure]:
    """The same to as many who all hold a township's post, and so have its texts, the longest."""
    out = await red(stage, district(72))
    return [
        Figure("P2.all_tried_longest", "2,016 people tried who all have a township's texts, SMS 100 parts/s",
               round(max(out.after.values()), 1), 60, "s", out.said),
    ]  # fmt: skip


@measures("P7")
async def restart(stage: Stage) -> list[Figure]:
    """SIGKILL in mid-load, and the same process started again, with the leases of a fresh installation."""
    line, engine = await staged(stage, district(5), rate=20)  # one chunk, which the dead one held
    took, ups = [], []
    for n in range(4):
        await engine.warn(stage.bureau.warning("red" if n % 2 else "orange", ALL, "Update" if n else "Alert"))
        before = (await line.tell())["taken"]

        async def more(count: int = before + 20) -> bool:
            return bool((await line.tell())["taken"] >= count)

        await until("texts to leave", more, tail=engine.child)
        await engine.child.kill()
        before, began = (await line.tell())["taken"], time.time()
        await engine.again()
        ups.append(time.time() - began)

        async def first(count: int = before) -> bool:
            return bool((await line.tell())["taken"] > count)

        await until("a text after the restart", first, 90, engine.child)
        took.append(time.time() - began)
    return [
        Figure("P7.restart_to_first_send", "restart after SIGKILL → first text that had waited", round(max(took), 1), 30, "s",
               f"{len(took)} times: {', '.join(f'{one:.1f}' for one in took)} s (ready after {', '.join(f'{one:.1f}' for one in ups)} s)")
    ]  # fmt: skip


@measures("P8")
async def dead_channel(stage: Stage) -> list[Figure]:
    """A gateway that dies, and one that takes everything and delivers nothing."""
    line, engine = await staged(stage, district(4))

    async def listed() -> bool:
        return any(task["kind"] == "gateway" for task in await engine.get("/v1/tasks"))

    began = time.time()
    await line.kill()
    await until("the dead gateway to be on the list", listed, 150)
    dead = time.time() - began
    await line.back()
    await until("the engine to be well", engine.ready)

    async def gone() -> bool:
        return not await listed()

    await until("the task to be closed", gone, 150)
    await line.tell(receipts="off")
    began = time.time()
    await engine.warn(stage.bureau.warning("red"))

    await until("the black hole to be on the list", listed, 180)
    hole = time.time() - began
    return [
        Figure("P8.dead_gateway", "gateway gone → on the duty room's list", round(dead, 1), 120, "s", "killed while nothing was sent"),
        Figure("P8.black_hole", "gateway takes and delivers nothing → on the duty room's list", round(hole, 1), 120, "s",
               "from the warning whose texts it swallows"),
    ]  # fmt: skip


@measures("P9", "halt")
async def put_right(stage: Stage) -> list[Figure]:
    """A mis-sent order is taken back in two actions; everything is stopped at one word."""
    people = district(40)
    line, engine = await staged(stage, people, rate=100)
    await engine.warn(stage.bureau.warning("red", ALL[:1]))
    await stage.settled()
    order = await stage.value("SELECT id FROM standing_order WHERE unit = $1", TOWNS[ALL[0]])
    began = time.time()
    shown = await as_duty(engine, f"/v1/orders/{order}/withdraw", {"why": "发错了镇街"})
    await as_duty(engine, f"/v1/orders/{order}/withdraw", {"why": "发错了镇街", "confirm": confirmation(shown)})
    await stage.settled()
    told = firsts(line.submits(), "", began)
    reached = {one.number for one in people.holders if one.town == ALL[0]}
    hold(set(told) == reached, f"{len(told)} of {len(reached)} were told")
    correction = max(told.values()) - began

    await engine.warn(stage.bureau.warning("red", ALL, "Update"))
    before = (await line.tell())["taken"]

    async def busy() -> bool:
        return bool((await line.tell())["taken"] > before + 100)

    await until("texts to leave", busy)
    began = time.time()
    stop = await as_duty(engine, "/v1/halt", {"why": "发错了"})
    answered = time.time() - began
    await asyncio.sleep(8)  # what must be seen is that nothing comes
    last = max(one["at"] for one in line.submits()) - began
    return [
        Figure("P9.correction", "mis-sent order: decision → the last of its people has the correction", round(correction, 1), 60, "s",
               f"two actions, {len(reached)} people"),
        Figure("P9.halt", "stop of everything → the last part that still leaves", round(max(last, 0), 2), 5, "s",
               f"in mid-load at 100 parts a second; the stop (number {stop['id']}) was confirmed after {answered:.2f} s"),
    ]  # fmt: skip


def confirmation(shown: Json) -> str:
    """The hash that a preview asks for."""
    return next(value for value in shown.values() if isinstance(value, str) and len(value) == 64)


TRACED = """
SELECT count(*)::int AS attempts,
       count(*) FILTER (WHERE b.approval IS NULL AND NOT EXISTS (
           SELECT FROM order_version v JOIN rule_book r ON r.hash = v.book JOIN change c ON c.id = v.change,
                unnest(v.because || c.because) AS key
           JOIN warning w ON position(w.identifier IN key) > 0 JOIN arrival_warning a2 ON a2.warning = w.id
           WHERE v.id = ANY (b.versions)))::int AS untraced
FROM attempt a JOIN delivery d ON d.id = a.delivery JOIN bundle b ON b.id = d.bundle
"""
"""Attempts, and those that do not lead by an order's version to a rule book, a warning and the bytes that came in."""


@measures("P10")
async def traced(stage: Stage) -> list[Figure]:
    """`audit verify` after a red, an update and an all-clear; every attempt leads to the warnings that it came from."""
    _, engine = await staged(stage, district(10))
    for level, kind in (("orange", "Alert"), ("red", "Update"), ("red", "Cancel")):
        await engine.warn(stage.bureau.warning(level, ALL, kind))
        await stage.settled()
    await asyncio.sleep(3)  # the chain seals behind the send path
    rows = await stage.sql(TRACED)
    began = time.time()
    child = Child(
        stage.folder / "verify.log", *engine.child.command[:3], "audit", "verify", environment=engine.environment
    )
    await child.start()
    code = await child.ended(120)
    hold(code == 0, f"audit verify ended with {code}: {child.tail()}")
    return [
        Figure("P10.untraced", "texts that lead to no warning", rows[0]["untraced"], 0, "texts",
               f"{rows[0]['attempts']} texts; audit verify: {child.tail(1)[:120]}, {time.time() - began:.1f} s"),
    ]  # fmt: skip


def write(figures: list[Figure]) -> None:
    """Write what was measured now, and keep what the file has of the others."""
    earlier = json.loads(FILE.read_text(encoding="utf-8"))["figures"] if FILE.exists() else []
    now = {one.id: asdict(one) | {"met": one.met} for one in figures}
    kept = {one["id"]: one for one in earlier} | now
    told = report.heading() | {"figures": [kept[id_] for id_ in sorted(kept)]}
    FILE.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


async def every(only: set[str], *, dry: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="wp-") as name:
        base = made(Path(name))
        seeds = await Seeds.open(made(base / "pg"))
        try:
            for number, (names, measure) in enumerate(MEASURES.items(), 900):
                if only and not only & set(names.split("+")):
                    continue
                stage = Stage(made(base / f"c{number}"), seeds, number)
                try:
                    figures = await measure(stage)
                except Exception:
                    for engine in stage.engines:
                        print(engine.child.tail(20), flush=True)
                    raise
                finally:
                    await stage.close()
                for one in figures:
                    print(
                        f"{one.id:26} {one.value:8g} {one.unit} (≤ {one.goal:g}) {'met' if one.met else 'NOT MET'}: {one.seen}",
                        flush=True,
                    )
                if not dry:
                    write(figures)
        finally:
            await seeds.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=lambda text: set(text.split(",")), default=set())
    parser.add_argument("--dry", action="store_true", help="do not write docs/faults/promises.json")
    given = parser.parse_args()
    asyncio.run(every(given.only, dry=given.dry))


if __name__ == "__main__":
    main()
