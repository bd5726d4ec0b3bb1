"""Brings the gauges up to date at every scrape: what the store knows, and how the gateways stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from warnengine import metrics
from warnengine.dispatch.channel import Channel
from warnengine.model.level import Level
from warnengine.store.board import BoardStore
from warnengine.store.database import DATABASE_ERRORS

Rows = Sequence[Mapping[str, Any]]
LABELLED = (
    metrics.OBLIGATIONS, metrics.OBLIGATIONS_OLDEST, metrics.ANSWERED, metrics.TASKS, metrics.DELIVERIES,
    metrics.UNKNOWN, metrics.QUEUE_OLDEST, metrics.SOURCE_SUCCESS, metrics.SOURCE_PAUSE,
)  # fmt: skip
UNANSWERED = frozenset({"open", "reached"})


async def refresh(board: BoardStore, channels: Sequence[Channel]) -> None:
    """Set every gauge. A store that does not answer is itself a figure; its other figures stay as they were.

    `channels` are those that this process runs: it knows nothing of the others.
    """
    for channel in channels:
        metrics.GATEWAY_UP.labels(channel.gateway).set(channel.healthy())
    try:
        single, labelled = await board.gauges(), await board.by_label()
    except DATABASE_ERRORS:
        metrics.STORE_UP.set(0)
        return
    metrics.STORE_UP.set(1)
    for gauge in LABELLED:
        gauge.clear()
    metrics.APPROVALS.set(single["approvals"])
    metrics.APPROVALS_OLDEST.set(single["approvals_oldest"])
    metrics.TIMER_LAG.set(single["timer_lag"])
    metrics.RECEIPTS_PARKED.set(single["parked"])
    for row in labelled["tasks_by_kind"]:
        metrics.TASKS.labels(row["kind"]).set(row["n"])
    for row in labelled["queue_by_lane"]:
        metrics.QUEUE_OLDEST.labels(Level(4 - row["lane"]).key).set(row["oldest"])
    _obligations(labelled["obligations"])
    _deliveries(labelled["deliveries_by_state"])
    _sources(labelled["sources"])


def _obligations(rows: Rows) -> None:
    for row in rows:
        level = Level(row["level"]).key
        if row["state"] in UNANSWERED:
            metrics.OBLIGATIONS.labels(level).inc(row["n"])
            metrics.OBLIGATIONS_OLDEST.labels(level, row["state"]).set(row["oldest"])
        else:
            metrics.ANSWERED.labels(level).inc(row["n"])


def _deliveries(rows: Rows) -> None:
    for row in rows:
        metrics.DELIVERIES.labels(row["channel"], row["state"]).inc(row["n"])
        if row["state"] == "unknown":
            metrics.UNKNOWN.labels(Level(row["level"]).key).inc(row["n"])
    metrics.DUPLICATES.set(sum(int(row["doubtful"]) for row in rows))


def _sources(rows: Rows) -> None:
    for row in rows:
        metrics.SOURCE_SUCCESS.labels(row["source"]).set(row["last"])
        if row["pause"] is not None:
            metrics.SOURCE_PAUSE.labels(row["source"]).set(row["pause"])
