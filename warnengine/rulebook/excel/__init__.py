"""The rule book as a workbook, for people who do not edit YAML: out, and back in."""

from __future__ import annotations

from warnengine.rulebook.excel.export import export, export_each
from warnengine.rulebook.excel.importing import Outcome, bring_in
from warnengine.rulebook.excel.remarks import remarked

__all__ = ["Outcome", "bring_in", "export", "export_each", "remarked"]
