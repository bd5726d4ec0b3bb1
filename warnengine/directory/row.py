"""One line of the address list: a person in a post of a unit."""

from __future__ import annotations

import re
from typing import Annotated

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

FORMULA = "=+-@＝＋－＠"
"""A spreadsheet runs a cell that begins with one of these; the full-width forms too, in some."""
NUMBER = re.compile(r"[+＋]?[\d\s()-]+")
MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def _mobile(value: object) -> object:
    """Any usual writing of a mobile number, to E.164; numbers without a country are Chinese."""
    try:
        number = phonenumbers.parse(str(value), "CN")
    except phonenumbers.NumberParseException:
        raise ValueError("write a mobile number such as 19900000001") from None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in MOBILE:
        raise ValueError("no mobile phone has this number: write one that takes SMS")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


Key = Annotated[str, Field(pattern=r"^\w[\w.-]{0,39}$")]
E164 = Annotated[str, BeforeValidator(_mobile)]
Mailbox = Annotated[str, Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+$")]


class Row(BaseModel):
    """The columns, in the order in which they are usually written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: str = Field(min_length=1)
    """Code or name of a unit of the rule book."""
    post: str = Field(min_length=1)
    """Key or name of a post."""
    person: Key
    """One key per human, such as a staff number; the same on every line of that person."""
    name: str = Field(min_length=1, max_length=40)
    mobile: E164 | None = None
    email: Mailbox | None = None
    deputy: Key | None = None
    superior: Key | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _no_formula(cls, value: object) -> object:
        if isinstance(value, str) and value[:1] in tuple(FORMULA) and not NUMBER.fullmatch(value):
            raise ValueError(f"a cell must not begin with {value[0]}: a spreadsheet would run it")
        return value


COLUMNS = tuple(Row.model_fields)
