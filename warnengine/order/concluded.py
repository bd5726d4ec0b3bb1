"""What a conclusion (会商) is behind, as people are told of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from warnengine.model.clock import BEIJING
from warnengine.model.consultation import Verb, those
from warnengine.model.order import Change, Desired, Kind, Stands
from warnengine.model.situation import CellKey, Word

SAID_BY = "会商研判"
"""Heads what no issuer of signals has said so."""


def prolonged(stands: Stands, wanted: Desired) -> bool:
    """Whether an extension is new to an order: its people must learn that it lasts longer."""
    return bool(those(wanted.because, Verb.EXTEND) - stands.seen)


def extension(change: Change) -> bool:
    """Whether a change tells of nothing but that it lasts longer."""
    same = change.kind is Kind.UPDATE and change.level == change.before and not (change.added or change.lapsed)
    return same and bool(those(change.because, Verb.EXTEND))


def lasting(change: Change) -> str:
    """How long it lasts now, where that is what a change tells; else nothing."""
    told = extension(change) and change.ends
    return f"延长至{change.ends.astimezone(BEIJING):%d日%H:%M},措施照旧" if told and change.ends else ""


def provenance(change: Change) -> str:
    """会商研判, where a level is not what an issuer says, or lasts longer than one says; else nothing."""
    concluded = those(change.because)
    alone = bool(concluded) and concluded == change.because
    return SAID_BY if alone or those(concluded, Verb.LOWER) or extension(change) else ""


def credited(change: Change, words: Callable[[CellKey], Iterable[Word]]) -> Change:
    """An all-clear with the conclusions that brought it: elsewhere people read that the signal stands.

    words: what counts in a cell."""
    if change.kind is not Kind.LAPSE:
        return change
    keys = (CellKey(town, *change.key[1:]) for part in change.reach for town in part.towns)
    by = (one for key in keys for word in words(key) if word.level is None for one in word.by)
    return replace(change, because=frozenset(by))
