"""What is marked as an exercise on live input goes to the drill beside it: a file in the drill's spool folder."""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from warnengine.model.arrival import Arrival, Taken

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Handover:
    """One way only: nothing comes back. The same message again is the same file, so a crash repeats harmlessly."""

    folder: Path

    async def pass_on(self, arrival: Arrival, taken: Taken) -> Taken:
        """Hand over what the live side refused as not meant for it; say so, or say why not."""
        if taken.reason != "not_actual":
            return taken
        try:
            await asyncio.to_thread(self._write, arrival.raw)
        except OSError as error:
            log.error("drill", problem=f"a message for the drill was not handed over: {error}")
            words = f"it could not be handed to the drill ({error.strerror})"
        else:
            words = "it was handed to the drill"
        return replace(taken, explanation=f"{taken.explanation}; {words}")

    def _write(self, raw: bytes) -> None:
        """Whole or not at all: the reader leaves names with a dot alone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"from-live-{hashlib.sha256(raw).hexdigest()[:24]}"
        hidden = self.folder / f".{name}"
        with hidden.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())  # or a crash would leave an empty file under the final name
        hidden.rename(self.folder / name)
