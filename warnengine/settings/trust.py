"""What is asked of the messages of one source."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from warnengine.settings.section import Section


class Trust(Section):
    """Signatures and age, for one source of warnings."""

    signature: Literal["off", "log", "require"] = "off"
    """log: verify and tell, and go on; require: what is not signed by a pinned certificate is quarantined."""
    certificates: tuple[Path, ...] = ()
    """Files (PEM or DER) of those whose signatures count."""
    sha1: bool = False
    """Take SHA-1: for old archives only."""
    window_hours: float = Field(default=72, gt=0, le=24 * 366)
    """A message sent longer ago than this, never seen before, is not acted on but asked about."""

    @model_validator(mode="after")
    def _pinned(self) -> Trust:
        if self.signature != "off" and not self.certificates:
            raise ValueError(f"signature = {self.signature} needs certificates: the files of those who may sign")
        return self
