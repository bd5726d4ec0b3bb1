"""What must hold between the parts of a rule book, beyond the form of each."""

from __future__ import annotations

from collections.abc import Iterator

from warnengine.model.finding import Finding
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.lint import (
    beside,
    cases,
    coverage,
    escalation,
    in_time,
    measures,
    names,
    origins,
    plans,
    recipients,
    replaced,
    sources,
    standing,
    texts,
    triggers,
    units,
    untriggered,
    wording,
)

CHECKS = (
    names.check,
    units.check,
    origins.check,
    sources.check,
    measures.check,
    plans.check,
    texts.check,
    wording.check,
    beside.check,
    replaced.check,
    escalation.check,
    recipients.check,
    standing.check,
    in_time.check,
    coverage.check,
    triggers.check,
    untriggered.check,
    cases.check,
)


def lint(draft: Draft) -> Iterator[Finding]:
    """All complaints about a draft whose files could all be read."""
    for check in CHECKS:
        yield from check(draft)
