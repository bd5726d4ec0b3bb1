"""The time that people live by."""

from __future__ import annotations

from datetime import timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
"""All of China keeps one time, without summer time."""
