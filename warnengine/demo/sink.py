"""The gateways' own log: what arrived, what was answered, what people wrote back.

One JSON object per line, written before the gateway answers the engine, so that the log knows at least what the
engine was told. It shares nothing with the engine and is the only thing that judges it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from warnengine.demo.scenario import BEIJING

Happening = Literal["message", "part", "refused", "receipt", "reply", "page"]
Entry = Mapping[str, Any]


class EngineClock:
    """The engine's time as it was last told; between tellings it runs like any clock."""

    def __init__(self) -> None:
        self._ahead: timedelta | None = None

    def set(self, now: datetime) -> None:
        """Take over the engine's time; raise ValueError on a time without offset."""
        if now.tzinfo is None:
            raise ValueError(f"{now.isoformat()} has no offset")
        self._ahead = now - datetime.now(UTC)

    def now(self) -> datetime | None:
        """Engine time; None until it was told for the first time."""
        return None if self._ahead is None else datetime.now(BEIJING) + self._ahead


class Sink:
    """The append-only log of all gateways of one process."""

    def __init__(self, path: Path, clock: EngineClock) -> None:
        """Open the log; entries of an earlier process stay and are in `earlier`."""
        self.earlier: tuple[Entry, ...] = tuple(entries(path))
        self.counts = Counter(f"{entry['gateway']} {entry['event']}" for entry in self.earlier)
        """Entries by gateway and event."""
        self._clock = clock
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, gateway: str, event: Happening, to: str, **more: object) -> Entry:
        """Append one entry and hand it to the operating system before returning."""
        engine_at = self._clock.now()
        entry = {
            "at": datetime.now(UTC).isoformat(),
            "engine_at": engine_at.isoformat() if engine_at else None,
            "gateway": gateway,
            "event": event,
            "to": to,
            **more,
        }
        self.counts[f"{gateway} {event}"] += 1
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        return entry

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def entries(path: Path) -> list[Entry]:
    """Read a log; a last line that is just being written is no entry yet."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    return [json.loads(line) for line in whole.split("\n") if line]
