"""One line of the address list: a person in a post of a unit."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

FORMULA = "=+-@＝＋－＠"
"""A spreadsheet runs a cell that begins with one of these; the full-width forms too, in some."""
NUMBER = re.compile(r"[+＋]?[\d\s()-]+")
MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def _number(value: object, kind: str) -> PhoneNumber:
    """Any usual writing of a number; those without a country are Chinese."""
    try:
        return phonenumbers.parse(str(value), "CN")
    except phonenumbers.NumberParseException:
        raise ValueError(f"write a {kind}") from None


def _mobile(value: object) -> object:
    """A number that takes SMS, to E.164."""
    number = _number(value, "mobile number such as 19900000001")
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in MOBILE:
        raise ValueError("no mobile phone has this number: write one that takes SMS")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _phone(value: object) -> object:
    """A number that can be called, to E.164."""
    number = _number(value, "telephone number such as 023-45600000")
    if not phonenumbers.is_valid_number(number):
        raise ValueError("no telephone has this number: write it with its area code, 023-45600000")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _words(value: object) -> object:
    """Words apart by spaces."""
    return tuple(value.split()) if isinstance(value, str) else value


Preferred = Literal["sms", "email", "push", "call", "wecom", "app", "extra"]
"""Channels of people; loudspeakers have nothing else."""
Key = Annotated[str, Field(pattern=r"^\w[\w.-]{0,39}$")]
Mobile = Annotated[str, BeforeValidator(_mobile)]
Phone = Annotated[str, BeforeValidator(_phone)]
Member = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}$")]
Device = Annotated[str, Field(pattern=r"^[\w.@-]{1,100}$")]
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
    mobile: Mobile | None = None
    phone: Phone | None = None
    """A telephone that takes no SMS; whoever has nothing else is called by hand."""
    email: Mailbox | None = None
    wecom: Member | None = None
    """Userid in WeCom."""
    app: Device | None = None
    """Device in the district's own app: one level of a topic."""
    loudspeaker: Device | None = None
    """Device of a 大喇叭, which has a line of its own like a person."""
    extra: str | None = Field(None, max_length=200)
    """What stands for {address} in the settings of the gateway of the kind extra."""
    prefers: Annotated[tuple[Preferred, ...], BeforeValidator(_words)] = ()
    """Channels in the order in which this person is tried below orange: `wecom sms`; others come after."""
    deputy: Key | None = None
    superior: Key | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _no_formula(cls, value: object) -> object:
        if isinstance(value, str) and value[:1] in tuple(FORMULA) and not NUMBER.fullmatch(value):
            raise ValueError(f"a cell must not begin with {value[0]}: a spreadsheet would run it")
        return value


COLUMNS = tuple(Row.model_fields)
