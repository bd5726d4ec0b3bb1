"""Many warnings in one message: those that can be read count, and each tells of those that cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Gravity, Problem, Warning

TOLD = 5
"""Refusals that are told one by one; a list of a thousand broken rows would else tell each good one of all."""

Alert = TypeVar("Alert")


def each(alerts: Iterable[Alert], read: Callable[[Alert], Warning]) -> tuple[Warning, ...]:
    """Read every alert; raise the first RefusedWarning where none can be read."""
    found: list[Warning] = []
    refused: list[RefusedWarning] = []
    for alert in alerts:
        try:
            found.append(read(alert))
        except RefusedWarning as refusal:
            refused.append(refusal)
    if refused and not found:
        raise refused[0]
    notes = _notes(refused)
    return tuple(replace(warning, problems=warning.problems + notes) if notes else warning for warning in found)


def _notes(refused: Sequence[RefusedWarning]) -> tuple[Problem, ...]:
    told = [f"Another alert of this message is refused ({no.reason}): {no}" for no in refused[:TOLD]]
    if len(refused) > TOLD:
        told.append(f"{len(refused) - TOLD} further alerts of this message are refused.")
    return tuple(Problem("beside_refused", Gravity.WARN, words) for words in dict.fromkeys(told))
