"""The address list: who holds which post. Import with every complaint at once, and what is still missing."""

from __future__ import annotations

from warnengine.directory.gaps import gaps
from warnengine.directory.table import read_csv

__all__ = ["gaps", "read_csv"]
