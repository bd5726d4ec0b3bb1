"""Brings the gauges up to date at every scrape: what the store knows, how gateways stand, how this process is."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from warnengine import metrics
from warnengine.dispatch.channel import Channel
from warnengine.model.level import Level
from warnengine.settings import Settings
from warnengine.store.board import BoardStore
from warnengine.store.database import DATABASE_ERRORS

Rows = Sequence[Mapping[str, Any]]
LABELLED = (
    metrics.OBLIGATIONS, metrics.OBLIGATIONS_OLDEST, metrics.ANSWERED, metrics.TASKS, metrics.DELIVERIES,
    metrics.UNKNOWN, metrics.QUEUE_OLDEST, metrics.SOURCE_SUCCESS, metrics.SOURCE_PAUSE, metrics.RECEIPT_MISSING,
)  # fmt: skip
UNANSWERED = frozenset({"open", "reached"})


@dataclass(frozen=True, slots=True)
class Lag:
    """How late the event loop of this process is."""

    recent: deque[float] = field(default_factory=lambda: deque(maxlen=60))
    """Seconds, of each half second of the last half minute."""

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.5)
            self.recent.append(time.monotonic() - began - 0.5)


LAG = Lag()


async def refresh(board: BoardStore, channels: Sequence[Channel], settings: Settings) -> None:
    """Set every gauge. A store that does not answer is itself a figure; its other figures stay as they were.

    `channels` are those that this process uses: it knows nothing of the others, nor of what it stands by for.
    """
    metrics.GATEWAY_UP.clear()
    for channel in channels:
        metrics.GATEWAY_UP.labels(channel.gateway).set(channel.healthy())
    _machine(settings)
    silent = timedelta(seconds=settings.dispatch.silent_after_seconds)
    try:
        before = time.time()
        single = await board.gauges()
        skew = single["clock"] - (before + time.time()) / 2
        labelled = await board.by_label(silent)
    except DATABASE_ERRORS:
        metrics.STORE_UP.set(0)
        return
    metrics.STORE_UP.set(1)
    metrics.CLOCK_SKEW.set(abs(skew))
    _singles(single)
    _by_label(labelled)


def _singles(single: Mapping[str, Any]) -> None:
    metrics.APPROVALS.set(single["approvals"])
    metrics.APPROVALS_OLDEST.set(single["approvals_oldest"])
    for scope in ("all", "district", "order"):
        metrics.HALTED.labels(scope).set(single["halts"].count(scope))
    metrics.TIMER_LAG.set(single["timer_lag"])
    metrics.RECEIPTS_PARKED.set(single["parked"])


def _by_label(labelled: Mapping[str, Rows]) -> None:
    for gauge in LABELLED:
        gauge.clear()
    for row in labelled["tasks_by_kind"]:
        metrics.TASKS.labels(row["kind"]).set(row["n"])
    for row in labelled["queue_by_lane"]:
        metrics.QUEUE_OLDEST.labels(Level(4 - row["lane"]).key).set(row["oldest"])
    _obligations(labelled["obligations"])
    _deliveries(labelled["deliveries_by_state"])
    metrics.HOLD_SECONDS.set(labelled["held"][0]["seconds"])
    for row in labelled["receipts_missing"]:
        metrics.RECEIPT_MISSING.labels(row["gateway"], row["prefix"]).set(row["ratio"])
    _sources(labelled["sources"])


def _machine(settings: Settings) -> None:
    """Disk and event loop. A process that keeps nothing has no data folder: the disk below it counts."""
    folder = next(path for path in (settings.data.absolute(), *settings.data.absolute().parents) if path.exists())
    disk = shutil.disk_usage(folder)
    metrics.DISK_FREE.set(disk.free)
    metrics.DISK_SIZE.set(disk.total)
    metrics.LOOP_LAG.set(max(LAG.recent, default=0))


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


def _sources(rows: Rows) -> None:
    for row in rows:
        metrics.SOURCE_SUCCESS.labels(row["source"]).set(row["last"])
        if row["pause"] is not None:
            metrics.SOURCE_PAUSE.labels(row["source"]).set(row["pause"])
