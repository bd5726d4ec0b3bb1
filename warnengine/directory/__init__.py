"""The address list: who holds which post. Import with every complaint at once, and what is still missing."""

from __future__ import annotations

from warnengine.directory.ahead import gaps_ahead
from warnengine.directory.changes import changes
from warnengine.directory.export import export
from warnengine.directory.gaps import gaps
from warnengine.directory.problem import Problem
from warnengine.directory.taking import NOBODY, Taken, read, taken_in

__all__ = ["NOBODY", "Problem", "Taken", "changes", "export", "gaps", "gaps_ahead", "read", "taken_in"]
