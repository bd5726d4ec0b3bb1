"""How long what is about people is kept."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from warnengine.model.retention import LEAST_YEARS
from warnengine.settings.section import Section


class Retention(Section):
    """How long what is about people is kept. Raw warnings, orders and their texts stay for ever."""

    years: int | None = Field(default=None, ge=LEAST_YEARS)
    """Messages, attempts, receipts, replies, answers and the record go month by month after so many years, never
    under five, and never what is open; absent: they stay."""
    named_years: int | None = Field(default=None, ge=1)
    """Numbers, mailboxes and words of people are taken out of what is kept after so many years; absent: they
    stay."""

    @model_validator(mode="after")
    def _names_go_first(self) -> Self:
        if self.years and self.named_years and self.named_years > self.years:
            raise ValueError(
                f"named_years {self.named_years} is after years {self.years}: nothing is left by then"
            )
        return self
