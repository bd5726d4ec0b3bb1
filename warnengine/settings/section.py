"""What every section of the settings is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Unknown names are refused; nothing changes after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)
