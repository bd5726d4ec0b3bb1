"""What has to be reached: each goal with its floor, what we aim at, and whether a figure meets it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure. `least`: the figure is to be at least the goal, otherwise at most."""

    id: str
    what: str
    goal: float
    aim: float
    unit: str
    least: bool = True

    def met(self, value: float | None) -> bool:
        """What was not measured is not met."""
        if value is None or math.isnan(value):
            return False
        return value >= self.goal if self.least else value <= self.goal

    def judged(self, value: float | None) -> dict[str, Any]:
        """As the file of results has it; a value that was not measured is null."""
        known = None if value is None or math.isnan(value) else float(f"{value:.4g}")
        return {"id": self.id, "value": known, "goal": self.goal, "unit": self.unit, "met": self.met(value)}


def _times(peer: str, floor: float, aim: float) -> tuple[Goal, Goal]:
    """A peer at 1,000 and at 10,000; a small warning is to be half as much faster."""
    return (
        Goal(f"B2.{peer}_1k", f"{peer}, 1,000", floor / 2, aim / 2, "×"),
        Goal(f"B2.{peer}_10k", f"{peer}, 10,000", floor, aim, "×"),
    )


GOALS = (
    Goal("B1.rate_1k", "one red to 1,000, receipts recorded", 10_000, 17_500, "1/s"),
    Goal("B1.rate_10k", "to 10,000", 20_000, 35_000, "1/s"),
    Goal("B1.rate_100k", "to 100,000", 20_000, 35_000, "1/s"),
    Goal("B1.share_without_gateway", "of the rate of expansion alone, 10,000", 0.5, 0.7, "×"),
    Goal("B1.first_ms", "acceptance → first submit, slowest size", 100, 40, "ms", least=False),
    Goal("B1.rss_mb", "memory, largest size", 200, 120, "MB", least=False),
    Goal("B1.cpu_us", "engine CPU a message, 10,000", 45, 30, "µs", least=False),
    *_times("alertmanager", 3, 5),
    *_times("kannel", 20, 35),
    *_times("procrastinate", 50, 100),
    *_times("naive", 8, 15),
    Goal("B2.sink_http", "sink alone ÷ fastest peer, HTTP", 2, 2, "×"),
    Goal("B2.sink_smpp", "sink alone ÷ fastest peer, SMPP", 2, 2, "×"),
    Goal("B3.contract", "of a contract of 500/s, 20 ms away", 0.95, 0.95, "×"),
    Goal("B3.window", "of window ÷ round trip, 50 at 20 ms", 0.8, 0.8, "×"),
    Goal("B3.red_behind_50k_blue_ms", "first submit of a red behind 50,000 blues", 200, 200, "ms", least=False),
    Goal("B4.last_handoff_s", "the district's red → last hand-off, 3 channels", 1, 0.5, "s", least=False),
    Goal("B4.board_s", "last hand-off → shown on the board", 1, 1, "s", least=False),
    Goal("B4.receipts_per_s", "flood of receipts, recorded", 10_000, 10_000, "1/s"),
    Goal("B5.change_ms", "one change, shipped book: match and diff", 5, 5, "ms", least=False),
    Goal("B5.measures_ratio", "match and diff: 100,000 measures ÷ 1,000, equal hits", 2, 2, "×", least=False),
    Goal("B5.towns_ratio", "3,000 townships ÷ 28, equal hits", 2, 2, "×", least=False),
    Goal("B6.rate_ratio", "rate with a history ÷ empty store", 0.8, 0.8, "×"),
    Goal("B6.receipt_ms", "one receipt, sent → stored and confirmed", 2, 2, "ms", least=False),
    Goal("B6.retention_s", "a month dropped", 1, 1, "s", least=False),
    Goal("B6.backlog_exponent", "cost a message against backlog, 10,000 → 100,000", 0.05, 0.05, "", least=False),
    Goal("B8.of_lxml", "CAP bytes to claims, of the rate of guard and lxml alone", 0.25, 0.4, "×"),
    Goal("B8.capparselib", "CAP bytes to claims ÷ capparselib, where it reads them", 5, 5, "×"),
    Goal("B8.fold_s", "a national list of 1,309, all of them ours, to cells", 1, 1, "s", least=False),
    Goal("B8.growth", "memory after the last third of forty days ÷ after the first", 1.1, 1.1, "×", least=False),
)
