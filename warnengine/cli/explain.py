"""explain and simulate: what messages would lead to, before they come."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Annotated

import structlog
import typer

from warnengine import app as application
from warnengine import rulebook
from warnengine.app.explain import Explanation, unreadable
from warnengine.app.explain import explain as explained
from warnengine.app.rehearsal import messages, moved
from warnengine.cli.explain_words import shown
from warnengine.cli.terminal import Files, content, fail, run, settings
from warnengine.directory import read
from warnengine.model.arrival import Verdict
from warnengine.model.book import RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Directory
from warnengine.model.errors import RefusedWarning, Unplayable
from warnengine.settings import Settings
from warnengine.store.rehearsal import OnDuty, RehearsalStore

At = Annotated[str, typer.Option("--at", help="当作最后一条来文是这时发的:2026-10-01T03:00(北京时间)。")]
People = Annotated[Path | None, typer.Option("--directory", help="通讯录(CSV 或 .xlsx);不写就用系统里的。")]
Rules = Annotated[Path | None, typer.Option("--rules", help="规则目录;不写就用设置里的。")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON。")]


def explain(
    files: Files, at: At = "", directory: People = None, rules: Rules = None, as_json: AsJson = False
) -> None:
    """Who would get which order because of the last of these messages, and why everybody else would not."""
    quiet()
    chosen = settings()
    folder = rules or chosen.rules
    book = rulebook.load(folder)
    try:
        listed = messages(((str(file), content(file)) for file in files), book)
    except Unplayable as error:
        if as_json and error.file == str(files[-1]) and isinstance(error.__cause__, RefusedWarning):
            print(json.dumps(unreadable(error.__cause__, book), ensure_ascii=False))
        raise
    if not listed:
        fail(f"{'、'.join(map(str, files))}: 里面没有预警 (no warning),没有可说明的")
    if at:
        listed = moved(listed, moment(at))
    people = listed_people(directory, book) if directory else run(installed(chosen, book, listed[-1].at))
    found: Explanation = run(explained(chosen, folder, listed, people))
    print(json.dumps(found.plain(), ensure_ascii=False) if as_json else shown(found, people is not None))
    raise typer.Exit(1 if found.played.taken.verdict is Verdict.QUARANTINED else 0)


def quiet() -> None:
    """A rehearsal tells of its results, not of its steps."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def moment(words: str) -> datetime:
    """A time with or without offset; without one it is Beijing time."""
    try:
        read = datetime.fromisoformat(words)
    except ValueError:
        fail(f"--at {words}: 不是时间,写成 2026-10-01T03:00(北京时间)", code=2)
    return read if read.tzinfo else read.replace(tzinfo=BEIJING)


def listed_people(file: Path, book: RuleBook) -> Directory:
    """The people of an address list."""
    return read(file.read_bytes(), book, str(file))


async def installed(chosen: Settings, book: RuleBook, at: datetime) -> OnDuty | None:
    """Who is on duty then in this installation; None where it has no store, or nobody is listed."""
    if not chosen.database and not (chosen.server / "postgres").exists():
        return None
    async with application.opened(chosen) as database:
        duty = await RehearsalStore(database, book.district.code).on_duty(at)
    return duty if duty.posts else None
