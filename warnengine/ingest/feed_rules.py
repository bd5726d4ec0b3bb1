"""When a feed is asked again, which of its documents are fetched, and when it is silent. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from warnengine.model.feed import Document, FeedState, Silence, Why
from warnengine.settings import Feed

SOONEST = 10.0
"""Seconds before the first try after a failure, where the usual pause is no shorter."""
LATEST = 60.0
"""Seconds between two tries at a feed that stays away: whoever lets it come back must not wait for us."""
LONGEST_WAIT = 3600.0
"""Seconds that another side may make us wait."""
AT_ONCE = 500
"""Documents that one poll fetches: all that a feed of the country lists in a storm."""
GARBLED = 3
"""Documents in a row that could not be read, after which the feed is not understood any more."""
JUDGED = frozenset(
    {"not_actual", "actual", "no_area", "no_claim", "unknown_area", "unknown_sender", "sent_ahead", "too_long"}
    | {"identifier_reused", "source_conflict", "beside_refused", "not_authorised", "stale", "scope", "no_info"}
    | {"signature_missing", "signature_invalid", "signature_expired", "signature_weak", "signature_partial"}
)
"""Reasons for which a message that was read is not let in. Any other means that it could not be read."""


def pause(interval: float, failures: int, wait: float, spread: float) -> float:
    """Seconds until the next poll. failures: in a row; wait: what the other side asks for; spread: 0 to 1, by
    chance, so that engines and feeds do not all ask at one moment."""
    if not failures:
        usual = interval * (0.9 + 0.2 * spread)
    else:
        longer = min(interval, SOONEST) * 2.0 ** min(failures - 1, 16)
        usual = min(longer, max(interval, LATEST)) * (0.5 + 0.5 * spread)
    return max(usual, min(wait, LONGEST_WAIT))


def due(documents: Iterable[Document], now: datetime, feed: Feed) -> list[Document]:
    """Which listed documents to fetch now: first those not had in their present version, in the order of the list
    (newest stand first), then those that may have changed under the same address, longest unseen first."""
    fresh, known = [], []
    for one in documents:
        if one.had != one.link.stamp:
            if _may_try(one, now, feed.interval_seconds):
                fresh.append(one)
        elif one.checked is None or now - one.checked >= timedelta(seconds=feed.revalidate_seconds):
            known.append(one)
    known.sort(key=lambda one: (one.checked is not None, one.checked))
    return [*fresh, *known][:AT_ONCE]


def _may_try(one: Document, now: datetime, interval: float) -> bool:
    """What could not be had is asked for ever more rarely."""
    if one.checked is None or not one.failures:
        return True
    return now - one.checked >= timedelta(seconds=pause(interval, one.failures, 0, 0))


def readable(reason: str | None) -> bool:
    """Whether a message could be read, whatever became of it."""
    return reason is None or reason in JUDGED


def silence(state: FeedState, feed: Feed, now: datetime) -> Silence | None:
    """In which way a feed is not to be relied on, the gravest; None where it is. That a list is empty, or that an
    entry is gone from it, is no silence, and nothing else either."""
    patience = timedelta(minutes=feed.silent_minutes)
    heard = state.succeeded or state.began
    if now - heard >= patience:
        return Silence(Why.UNREACHABLE, heard, state)
    if state.unread and state.unread_since:
        return Silence(Why.UNREAD, state.unread_since, state)
    if state.garbled >= GARBLED and state.garbled_since:
        return Silence(Why.UNREAD, state.garbled_since, state)
    if state.withheld_since and now - state.withheld_since >= patience:
        return Silence(Why.WITHHELD, state.withheld_since, state)
    return _stale(state, feed, now)


def _stale(state: FeedState, feed: Feed, now: datetime) -> Silence | None:
    if feed.stale_hours is None:
        return None
    newest = state.newest or state.began
    old = now - newest >= timedelta(hours=feed.stale_hours)
    return Silence(Why.STALE, newest, state) if old else None
