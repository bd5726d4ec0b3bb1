"""The rule book: reading the folder, saying all that is wrong with it, and trying its cases."""

from __future__ import annotations

from warnengine.rulebook.cases import run_cases
from warnengine.rulebook.load import check, load
from warnengine.rulebook.texts import first_line_room

__all__ = ["check", "first_line_room", "load", "run_cases"]
