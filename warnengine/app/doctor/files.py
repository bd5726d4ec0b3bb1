"""What the doctor sees without a database: settings, rule book, templates, keys, folders, disk."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from warnengine import rulebook
from warnengine.app.guards import refuse_unsafe
from warnengine.health.ballast import Ballast
from warnengine.health.check import Check, some
from warnengine.match.desired import desired
from warnengine.model.book import SIGNAL, RuleBook
from warnengine.model.errors import WarnEngineError
from warnengine.model.finding import Finding, Severity
from warnengine.model.level import Level
from warnengine.model.order import Kind, Mark, Version
from warnengine.model.situation import CellKey, InForce
from warnengine.order.compose import compose
from warnengine.order.diff import diff
from warnengine.order.draft import draft
from warnengine.order.texts import Texts
from warnengine.settings import Settings
from warnengine.situation.fold import standing

SCARCE = 10
"""Percent of the disk below which it is nearly full."""
BACKUP = timedelta(hours=26)


def examine(settings: Settings) -> Iterator[Check]:
    """Settings, book, templates, keys, folders, disk, backups."""
    yield _guards(settings)
    yield from _book(settings)
    yield _link_key(settings)
    yield _writable("spool folder", settings.spool or settings.data / "spool")
    yield _disk(settings)
    yield _ballast(settings)
    yield _backups(settings)
    yield _dead_man(settings)


def _guards(settings: Settings) -> Check:
    try:
        refuse_unsafe(settings)
    except WarnEngineError as error:
        return Check("settings", "", False, str(error), "correct it: serve would refuse to start")
    count = len(settings.gateways)
    if not count:
        return Check("settings", "WARNENGINE_GATEWAYS", False, "no gateway", "configure one: orders reach nobody")
    return Check("settings", "", True, f"{count} gateways, {len(settings.sources)} sources by HTTP")


def _book(settings: Settings) -> Iterator[Check]:
    where = str(settings.rules)
    try:
        found = rulebook.check(settings.rules)
        book = rulebook.load(settings.rules)
        broken = rulebook.run_cases(settings.rules, desired, standing)
    except (WarnEngineError, OSError) as error:
        first = str(error).splitlines()[0]
        yield Check("rule book", where, False, first, "`warnengine rules check` lists everything")
        return
    warnings = [one for one in found if one.severity is Severity.WARNING]
    gaps = "`warnengine rules check` lists them with the fix"
    said = f"{len(warnings)} warnings, first: {warnings[0]}" if warnings else "lint and coverage pass"
    yield Check("rule book", where, not warnings, said, gaps if warnings else "")
    yield _cases(where, broken)
    samples = [one for one in found if one.severity is Severity.NOTE and one.what.startswith("样例")]
    real = not samples or settings.installation == "demo"
    words = f"{len(samples)} plans still have invented samples" if samples else "none"
    yield Check("samples in the book", where, real, words, "" if real else "enter the bureau's own ledger")
    yield _templates(settings, book)


def _cases(where: str, broken: Iterable[Finding]) -> Check:
    failed = [str(one) for one in broken]
    do = "`warnengine rules test` lists them" if failed else ""
    return Check("cases of the book", where, not failed, failed[0] if failed else "all pass", do)


def _templates(settings: Settings, book: RuleBook) -> Check:
    texts = Texts(settings.templates)
    notes = {
        note
        for version in _specimens(book)
        for kind in (None, "escalation")
        if (note := compose([version], book, texts, kind).notes)
    }
    do = "mend the template: until then plain text goes out" if notes else ""
    found = some(sorted(notes), 2) if notes else "every kind renders for sms, email and html"
    return Check("templates", str(settings.templates), not notes, found, do)


def _specimens(book: RuleBook) -> Iterator[Version]:
    """One order of every kind for each unit that a hazard in use concerns, at red."""
    now = datetime.now(UTC)
    for hazard in list(book.in_use.get(SIGNAL, ()))[:1] or ["rainstorm"]:
        force = [
            InForce(CellKey(town.code, hazard, SIGNAL), Level.RED, frozenset({"x"}), None, frozenset({"x"}))
            for town in book.district.townships
        ]
        for change in diff({}, desired(force, book, frozenset()), book.hash):
            issued = draft(change, None, book, now)
            yield issued
            for kind in (Kind.UPDATE, Kind.REOPEN):
                yield replace(issued, change=replace(change, kind=kind, version=2, before=Level.ORANGE))
            gone = tuple(replace(mark, mark=Mark.LAPSED, deadline=None) for mark in issued.measures)
            over = replace(change, kind=Kind.LAPSE, version=2, before=change.level, level=None)
            yield replace(issued, change=over, measures=gone)


def _link_key(settings: Settings) -> Check:
    if settings.link_key:
        return Check("link key", "WARNENGINE_LINK_KEY", True, "from the settings")
    file = settings.data / "link.key"
    if not file.exists():
        return Check("link key", str(file), True, "is made at the first start")
    open_to = file.stat().st_mode & 0o077
    found = "readable by others: whoever has it can answer for anybody" if open_to else "only its owner reads it"
    return Check("link key", str(file), not open_to, found, f"chmod 600 {file}" if open_to else "")


def _writable(what: str, folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".doctor-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        do = f"give the engine's user the right to write to {folder}"
        return Check(what, str(folder), False, error.strerror or str(error), do)
    return Check(what, str(folder), True, "can be written")


def _disk(settings: Settings) -> Check:
    folder = _existing(settings.data)
    disk = shutil.disk_usage(folder)
    percent = 100 * disk.free // disk.total
    do = "" if percent >= SCARCE else "make room: a full disk stops the intake"
    return Check("disk", str(folder), percent >= SCARCE, f"{percent} % free ({disk.free >> 20} MB)", do)


def _existing(folder: Path) -> Path:
    """The folder, or the one above that there is."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def _ballast(settings: Settings) -> Check:
    one = Ballast(settings.data, settings.ballast_bytes)
    if not one.size:
        return Check(
            "ballast", "WARNENGINE_BALLAST_MEGABYTES", None, "none: a full disk would stop the sending too"
        )
    there = one.file.exists()
    found = f"{one.size >> 20} MB lie there" if there else "not there: it is made at the start"
    enough = there or shutil.disk_usage(_existing(settings.data)).free >= one.size * 3 // 2
    return Check("ballast", str(one.file), enough, found, "" if enough else f"free {one.size * 3 // 2 >> 20} MB")


def _backups(settings: Settings, now: Callable[[], float] = time.time) -> Check:
    if settings.backups is None:
        return Check("backups", "WARNENGINE_BACKUPS", None, "not configured, so nobody watches their age")
    ages = [now() - file.stat().st_mtime for file in settings.backups.glob("*") if file.is_file()]
    do = "look at the job that makes them, and try to restore one"
    if not ages:
        return Check("backups", str(settings.backups), False, "none", do)
    hours = min(ages) / 3600
    young = hours <= BACKUP.total_seconds() / 3600
    return Check("backups", str(settings.backups), young, f"newest {hours:.0f} h old", "" if young else do)


def _dead_man(settings: Settings) -> Check:
    if settings.alive is None:
        do = "name a URL on other power and another network that rings when it hears nothing for 90 s"
        found = "no sign of life goes out: if this machine dies, nobody learns it"
        return Check("dead-man", "WARNENGINE_ALIVE__URL", False, found, do)
    return Check("dead-man", "WARNENGINE_ALIVE__URL", True, f"every {settings.alive.every_seconds:g} s")
