"""The rule book: reading the folder, saying all that is wrong with it, and trying its cases."""

from __future__ import annotations

from warnengine.rulebook.cases import run_cases
from warnengine.rulebook.load import check, judged, load, restored, whole, with_gaps
from warnengine.rulebook.publication import Summary, summary, unproven
from warnengine.rulebook.texts import first_line_room

__all__ = [
    "Summary",
    "check",
    "first_line_room",
    "judged",
    "load",
    "restored",
    "run_cases",
    "summary",
    "unproven",
    "whole",
    "with_gaps",
]
