"""The invariants, judged from the gateways' own logs and by plain SQL. Each returns a sentence of counts or raises Broken.

I1 nothing lost silently · I2 no phantom · I3 copies ≤ 1 + recorded doubts · I4 no overtake · I5 nothing after expiry or
withdrawal · I6 red before blue · I7 one acknowledgement, one escalation per step · I8 the chain verifies · I9 drill and live
never cross · I10 what was acknowledged is stored · I11 memory, files and connections bounded · I12 healthy within 30 s.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.processes import within
from tests.faults.stage import Engine, Stage
from tests.faults.verdict import hold

LAPSE = "解除"
DRILL = "演练"
AGAIN, REMINDER = "重发:", "再次提醒:"
"""What a text begins with that is sent again because nobody knows, or because nobody has answered."""


@dataclass(frozen=True)
class Copy:
    """One whole message as a handset shows it."""

    to: str
    at: float
    """Arrival of its first part."""
    text: str
    whole: bool
    line: str

    @property
    def lapse(self) -> bool:
        return LAPSE in self.text


def copies(submits: Iterable[dict[str, Any]]) -> list[Copy]:
    """Messages of a log, joined from their parts; what a gateway refused is none."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for n, one in enumerate(submits):
        if one["answer"] == "refused":
            continue
        # a reference is used again after 256 messages: a part that is there already begins a new message
        key: tuple[Any, ...] = (one["line"], one["connection"], one["to"], one["parts"], one["reference"] or n, 0)
        while any(other["part"] == one["part"] for other in groups[key]):
            key = (*key[:5], key[5] + 1)
        groups[key].append(one)
    found = []
    for parts in groups.values():
        ordered = sorted(parts, key=lambda part: part["part"])
        text = "".join(part["text"] for part in ordered)
        found.append(
            Copy(
                parts[0]["to"],
                min(p["at"] for p in parts),
                text,
                len(parts) == parts[0]["parts"],
                parts[0]["line"],
            )
        )
    return sorted(found, key=lambda one: one.at)


def phones(submits: Iterable[dict[str, Any]]) -> dict[str, list[Copy]]:
    """What every phone has, in order of arrival."""
    found: dict[str, list[Copy]] = defaultdict(list)
    for one in copies(submits):
        found[one.to].append(one)
    return found


def i1_nothing_lost(stage: Stage, expected: set[str], paged: Iterable[str] = ()) -> str:
    """Everybody who should have something has a whole copy, or is named to the duty room."""
    have = {one.to for one in copies(stage.submits()) if one.whole}
    lost = expected - have - set(paged)
    hold(
        not lost, f"I1: {len(lost)} of {len(expected)} people got nothing and nobody was told: {sorted(lost)[:3]}"
    )
    return f"{len(expected & have)} of {len(expected)} people have their text"


def i2_phantoms(stage: Stage, expected: set[str], rows: Sequence[Any]) -> str:
    """Nobody else has anything, and nothing counts as accepted that no gateway has."""
    wire = {one["to"] for one in stage.submits()}
    strangers = wire - expected
    hold(not strangers, f"I2: {len(strangers)} numbers got a text that was not for them: {sorted(strangers)[:3]}")
    accepted = {row["address"] for row in rows if row["accepted"]}
    phantoms = accepted - {one["to"] for one in stage.submits() if one["answer"] != "refused"}
    hold(
        not phantoms,
        f"I2: {len(phantoms)} deliveries count as accepted and no gateway has them: {sorted(phantoms)[:3]}",
    )
    return "no phantom"


def i3_copies(stage: Stage, rows: Sequence[Any]) -> tuple[str, int]:
    """Copies of each number ≤ one for each delivery, and one more for each recorded doubt or ordered repetition."""
    allowed: dict[str, int] = defaultdict(int)
    for row in rows:
        allowed[row["address"]] += (row["attempts"] > 0) + row["doubts"] + row["again"]
    hidden, extra = [], 0
    # the intent is written before the first byte leaves: of what arrived before the rows were read, all is in them
    read = min((row["read"] for row in rows), default=0.0)
    for number, had in phones(one for one in stage.submits() if one["at"] <= read).items():
        if len(had) > allowed[number]:
            hidden.append((number, len(had), allowed[number]))
        texts = Counter(one.text.replace(AGAIN, "") for one in had if REMINDER not in one.text)
        extra += sum(count - 1 for count in texts.values())
    wire = [
        f"{one['line']}/{one['connection']} ref {one['reference']} part {one['part']} of {one['parts']}"
        for one in stage.submits()
        if hidden and one["to"] == hidden[0][0]
    ]
    story = [row["story"] for row in rows if hidden and row["address"] == hidden[0][0]]
    hold(
        not hidden,
        f"I3: {len(hidden)} numbers have more copies than recorded doubts explain: {hidden[:3]}: {wire}, {story}",
    )
    doubts = sum(row["doubts"] for row in rows)
    return f"{extra} second copies, {doubts} doubts recorded", extra


DELIVERIES = """
SELECT extract(epoch FROM statement_timestamp())::float8 AS read, d.address, d.bundle, b.kind, b.level,
       (SELECT count(*)::int FROM attempt a WHERE a.delivery = d.id) AS attempts,
       EXISTS (SELECT FROM delivery_event e WHERE e.delivery = d.id AND e.what = 'accepted') AS accepted,
       EXISTS (SELECT FROM delivery_event e WHERE e.delivery = d.id AND e.what = 'delivered') AS delivered,
       (SELECT count(DISTINCT e.number)::int FROM delivery_event e WHERE e.delivery = d.id AND e.what = 'unknown') AS doubts,
       (SELECT count(*)::int FROM attempt a WHERE a.delivery = d.id AND a.purpose = 'reminder')
         + (SELECT count(DISTINCT e.number)::int FROM delivery_event e JOIN attempt a ON a.delivery = e.delivery AND a.number > e.number
            WHERE e.delivery = d.id AND e.what IN ('undelivered', 'silent')
              AND NOT EXISTS (SELECT FROM delivery_event u WHERE u.delivery = d.id AND u.number = e.number AND u.what = 'unknown')) AS again
     , (SELECT string_agg(concat_ws(' ', a.number, a.purpose, a.intended_at::time(1), e.what, e.at::time(1), left(e.detail, 60)), '; ' ORDER BY a.number, e.at)
        FROM attempt a LEFT JOIN delivery_event e ON e.delivery = a.delivery AND e.number = a.number WHERE a.delivery = d.id) AS story
FROM delivery d JOIN bundle b ON b.id = d.bundle WHERE d.channel = 'sms'
"""
"""Every delivery by SMS with what is known of its attempts; plain SQL over the appended rows, no view of the engine's."""


def i4_no_overtake(stage: Stage, alerts: Sequence[float] = (), cancels: Sequence[float] = ()) -> str:
    """No phone gets an order after the all-clear of it. alerts: when new warnings were issued, which begin anew;
    cancels: when they were cancelled, for an all-clear may arrive when the next warning is out already."""
    late = []
    cleared = 0
    for number, had in phones(stage.submits()).items():
        after = 0.0
        for one in had:
            if one.lapse:
                after = max((cancel for cancel in cancels if cancel < one.at), default=one.at)
            elif after and not any(after < alert < one.at for alert in alerts):
                late.append(number)
        cleared += bool(after)
    story = [(round(one.at), one.text[:14]) for one in phones(stage.submits())[late[0]]][-8:] if late else []
    hold(
        not late,
        f"I4: {len(late)} phones got an order after its all-clear: {late[:3]}: {story}, new warnings at "
        f"{[round(alert) for alert in alerts][-4:]}",
    )
    return f"{cleared} phones have the all-clear, none before an order"


def i4_newest_last(stage: Stage, old: str, new: str) -> str:
    """No phone gets a text with the old words after one with the new words."""
    late = []
    for number, had in phones(stage.submits()).items():
        kinds = ["new" if new in one.text else "old" if old in one.text else "" for one in had]
        if "new" in kinds and "old" in kinds[kinds.index("new") :]:
            late.append(number)
    hold(not late, f"I4: {len(late)} phones got {old} after {new}: {late[:3]}")
    return f"no {old} after {new}"


async def i5_not_after_withdrawal(stage: Stage) -> str:
    """No intent to send a version after it was superseded, nor any text of a bundle after its end."""
    late = await stage.sql(
        "SELECT a.delivery, a.intended_at, v.superseded_at FROM attempt a JOIN delivery d ON d.id = a.delivery "
        "JOIN bundle b ON b.id = d.bundle JOIN order_version v ON v.id = ANY (b.versions) "
        "WHERE b.approval IS NULL AND v.superseded_at IS NOT NULL AND a.intended_at > v.superseded_at"
    )
    hold(not late, f"I5: {len(late)} sends were begun after the order was withdrawn")
    ended = await stage.value(
        "SELECT count(*)::int FROM attempt a JOIN delivery d ON d.id = a.delivery JOIN bundle b ON b.id = d.bundle "
        "WHERE a.intended_at > b.not_after + interval '250 milliseconds'"
    )
    hold(not ended, f"I5: {ended} sends were begun after the end of the order")
    return "nothing begun after withdrawal or expiry"


def i6_red_first(stage: Stage, red: str, blue: str, allowed: int) -> str:
    """Between the first and the last red at most `allowed` blues arrive: those that were on the wire."""
    had = copies(stage.submits())
    reds = [n for n, one in enumerate(had) if red in one.text]
    hold(reds, "I6: no red arrived")
    between = sum(blue in one.text and red not in one.text for one in had[reds[0] : reds[-1]])
    hold(between <= allowed, f"I6: {between} blues arrived between the first and the last of {len(reds)} reds")
    return f"{between} blues between the first and the last of {len(reds)} reds"


async def i7_once(stage: Stage) -> str:
    """One acknowledgement of each obligation, one escalation of each step."""
    acks = await stage.value(
        "SELECT count(*)::int FROM (SELECT version, person FROM obligation WHERE acked_at IS NOT NULL "
        "GROUP BY version, person HAVING count(*) > 1) AS twice"
    )
    steps = await stage.value(
        "SELECT count(*)::int FROM (SELECT behalf, person FROM bundle WHERE purpose = 'escalation' "
        "GROUP BY behalf, person HAVING count(*) > 1) AS twice"
    )
    hold(not acks and not steps, f"I7: {acks} obligations acknowledged twice, {steps} escalations made twice")
    fired = await stage.value("SELECT count(*)::int FROM timer WHERE fired_at IS NOT NULL")
    return f"{fired} timers fired, each once"


async def i8_chain(stage: Stage) -> str:
    """Recompute the chain: sha256(hash before ‖ seq|seconds|kind|body)."""
    rows = await stage.sql(
        "SELECT seq, hash, seq || '|' || extract(epoch FROM at) || '|' || kind || '|' || body::text AS sealed "
        "FROM audit ORDER BY seq"
    )
    before = b""
    for place, row in enumerate(rows, 1):
        good = row["seq"] == place and hashlib.sha256(before + row["sealed"].encode()).digest() == row["hash"]
        hold(good, f"I8: the chain breaks at row {row['seq']}")
        before = row["hash"]
    return f"the chain of {len(rows)} rows holds"


def i9_no_drill(stage: Stage) -> str:
    """No text of a drill on a live line."""
    crossed = [one for one in stage.submits() if DRILL in one["text"]]
    hold(not crossed, f"I9: {len(crossed)} texts of a drill on a live line")
    return "no drill on the line"


async def i10_stored(stage: Stage) -> str:
    """Every body that was answered with 2xx is in the store, byte by byte."""
    rows = await stage.sql("SELECT sha256(raw) AS sha FROM arrival")
    stored = {bytes(row["sha"]) for row in rows}
    lost = [body for body in stage.acknowledged if hashlib.sha256(body).digest() not in stored]
    hold(not lost, f"I10: {len(lost)} of {len(stage.acknowledged)} acknowledged warnings are not stored")
    return f"{len(stage.acknowledged)} acknowledged warnings stored"


@dataclass(frozen=True)
class Size:
    """How much a process holds."""

    files: int
    sockets: int
    rss_mb: float


def size(engine: Engine) -> Size:
    """Files, sockets and resident memory of an engine."""
    place = Path("/proc") / str(engine.child.pid)
    links = []
    for entry in (place / "fd").iterdir():
        try:
            links.append(os.readlink(entry))
        except OSError:
            continue
    rss = int((place / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return Size(len(links), sum(link.startswith("socket:") for link in links), rss)


def i11_bounded(before: Size, after: Size) -> str:
    """Files and sockets as before, memory not far above."""
    hold(after.files <= before.files + 20, f"I11: {before.files} open files became {after.files}")
    hold(after.rss_mb <= before.rss_mb * 1.5 + 60, f"I11: {before.rss_mb:.0f} MB became {after.rss_mb:.0f} MB")
    return f"files {before.files}→{after.files}, memory {before.rss_mb:.0f}→{after.rss_mb:.0f} MB"


async def i12_healthy(engine: Engine, seconds: float = 30) -> str:
    """The engine says within 30 s that it may be trusted, with no hands."""
    began = asyncio.get_running_loop().time()
    hold(await within(engine.ready, seconds), f"I12: not healthy within {seconds:g} s: {await engine.problems()}")
    return f"healthy after {asyncio.get_running_loop().time() - began:.1f} s"


async def all_hold(
    stage: Stage,
    expected: set[str],
    *,
    paged: Iterable[str] = (),
    wait: float = 60,
    alerts: Sequence[float] = (),
    cancels: Sequence[float] = (),
) -> str:
    """What holds after every case: I1 to I5 and I7 to I10, once everything has settled."""
    await stage.settled(wait)
    rows = await stage.sql(DELIVERIES)
    said = [i1_nothing_lost(stage, expected, paged), i2_phantoms(stage, expected, rows), i3_copies(stage, rows)[0]]
    i4_no_overtake(stage, alerts, cancels)
    i9_no_drill(stage)
    await i5_not_after_withdrawal(stage)
    await i7_once(stage)
    await i8_chain(stage)
    await i10_stored(stage)
    return ", ".join(part for part in said if part != "no phantom")


async def delivered(stage: Stage) -> bool:
    """Whether every delivery that went out has its receipt."""
    return not await stage.value(
        "SELECT count(*)::int FROM delivery d WHERE d.channel = 'sms' "
        "AND EXISTS (SELECT FROM attempt a WHERE a.delivery = d.id) "
        "AND NOT EXISTS (SELECT FROM delivery_event e WHERE e.delivery = d.id AND e.what = 'delivered')"
    )
