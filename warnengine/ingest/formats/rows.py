"""What the rows of JSON lists have in common: typed, bounded, and refused in words that say which field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from warnengine.model.errors import RefusedWarning

LONGEST = 20_000
"""Characters of one field; the longest real text has about a thousand."""


def _given(value: Any) -> Any:
    return "" if value is None else value


def _joined(value: Any) -> Any:
    several = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return ",".join(value) if several else _given(value)


Text = Annotated[str, BeforeValidator(_given), StringConstraints(strip_whitespace=True, max_length=LONGEST)]
"""A text that may be null."""
Several = Annotated[str, BeforeValidator(_joined), StringConstraints(strip_whitespace=True, max_length=LONGEST)]
"""Several texts, joined by commas or a list."""


class Row(BaseModel):
    """One row; fields that are not named here are left alone, for providers add some every year."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read a row; raise RefusedWarning(`missing_field`, `bad_value`) naming field and row."""
        try:
            return cls.model_validate(row)
        except ValidationError as error:
            raise _refusal(row, error) from error


def _refusal(row: Mapping[str, Any], error: ValidationError) -> RefusedWarning:
    first = error.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    shown = next((value for value in row.values() if isinstance(value, str) and value), "")[:40]
    if first["type"] == "missing":
        return RefusedWarning("missing_field", f"含“{shown}”的一条没有 {field}:请来源补上后重发")
    return RefusedWarning("bad_value", f"含“{shown}”的一条里 {field} 不对({first['msg']}):请来源更正后重发")
