"""Decisions that nothing is owed hold until a day; that day must not pass unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from warnengine.model.book import Silent
from warnengine.model.clock import BEIJING
from warnengine.model.finding import Finding
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.lint.standing import NOTICE
from warnengine.rulebook.parse import Located


def check(draft: Draft) -> Iterator[Finding]:
    """`none` with an `until`. A book that was good yesterday loads today: what is over is a warning."""
    today = datetime.now(BEIJING).date()
    for _, entry in draft.silent:
        yield from ends(entry, today)


def ends(entry: Located[Silent], today: date) -> Iterator[Finding]:
    """What there is to say on a day about the end of one decision."""
    last = entry.value.until
    if last is None:
        return
    fix = f"请{entry.value.decided_by}重新决定,改 until,或者补上措施"
    if last < today:
        yield entry.warning(f"“没有措施”的决定到 {last} 为止,已经过期,成了空白", fix, "until")
    elif last - today <= NOTICE:
        yield entry.warning(f"“没有措施”的决定到 {last} 为止,快到期了", fix, "until")
