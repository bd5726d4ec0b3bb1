"""The rule book as a workbook, for people who do not edit YAML: out, and back in."""

from __future__ import annotations

from warnengine.rulebook.excel.columns import Column
from warnengine.rulebook.excel.export import export, export_each
from warnengine.rulebook.excel.importing import Outcome, bring_in
from warnengine.rulebook.excel.remarks import remarked
from warnengine.rulebook.excel.thresholds import STATIONS, TRIGGERS
from warnengine.rulebook.excel.words import vocabulary

__all__ = [
    "STATIONS",
    "TRIGGERS",
    "Column",
    "Outcome",
    "bring_in",
    "export",
    "export_each",
    "remarked",
    "vocabulary",
]
