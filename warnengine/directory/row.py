"""One line of the address list: a person in a post of a unit."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from warnengine.directory.problem import Unfit

FORMULA = "=+-@＝＋－＠"
"""A spreadsheet runs a cell that begins with one of these; the full-width forms too, in some."""
BETWEEN = "、,，;；/\n"
"""What stands between two numbers in a cell; not a blank, which stands within one."""
NUMBERS = re.compile(rf"[+＋]?[\d\s()+{BETWEEN}-]+")
MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
MOST = 4
"""Numbers of one kind: a message has room for fourteen ways."""


def _number(value: object, fix: str) -> PhoneNumber:
    """Any usual writing of a number; those without a country are Chinese."""
    try:
        return phonenumbers.parse(str(value), "CN")
    except phonenumbers.NumberParseException:
        raise Unfit(f"“{value}”不是号码", fix) from None


def _mobile(value: object) -> object:
    """A number that takes SMS, to E.164."""
    fix = "写能收短信的 11 位手机号码,例如 19900000001;几个号码用顿号隔开"
    number = _number(value, fix)
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in MOBILE:
        raise Unfit(f"没有“{value}”这样的手机号码", fix)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _phone(value: object) -> object:
    """A number that can be called, to E.164."""
    fix = "写区号和号码,例如 023-45600000;几个号码用顿号隔开"
    number = _number(value, fix)
    if not phonenumbers.is_valid_number(number):
        raise Unfit(f"没有“{value}”这样的电话号码", fix)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _channels(value: object) -> object:
    """Channels apart by blanks, in Chinese or by their keys."""
    if not isinstance(value, str):
        return value
    return tuple(CHANNELS.get(word, word) for word in re.split(rf"[\s{BETWEEN}]+", value.strip()))


def _several(value: object) -> object:
    """What is written in one cell, one after the other, each once."""
    if not isinstance(value, str):
        return value
    return tuple(dict.fromkeys(part.strip() for part in re.split(f"[{BETWEEN}]", value) if part.strip()))


CHANNELS = {
    "短信": "sms",
    "邮件": "email",
    "推送": "push",
    "电话": "call",
    "企业微信": "wecom",
    "应用": "app",
    "其他": "extra",
}
"""What a clerk calls the channels of people; loudspeakers have nothing else."""
Preferred = Literal["sms", "email", "push", "call", "wecom", "app", "extra"]
Key = Annotated[str, Field(pattern=r"^\w[\w.-]{0,39}$")]
Mobile = Annotated[str, BeforeValidator(_mobile)]
Phone = Annotated[str, BeforeValidator(_phone)]
Member = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}$")]
Device = Annotated[str, Field(pattern=r"^[\w.@-]{1,100}$")]
Mailbox = Annotated[str, Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+$")]
SEVERAL = BeforeValidator(_several)


class Cells(BaseModel):
    """A row of any of the sheets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_formula(cls, value: object) -> object:
        if isinstance(value, str) and value[:1] in tuple(FORMULA) and not NUMBERS.fullmatch(value):
            raise Unfit(f"“{value}”以 {value[0]} 开头", "去掉开头的符号: 电子表格会把它当公式运行")
        return value


class Row(Cells):
    """The columns, in the order in which they are usually written."""

    unit: str = Field(min_length=1, title="单位")
    """Code or name of a unit of the rule book."""
    post: str = Field(min_length=1, title="岗位")
    """Key or name of a post."""
    person: Key = Field(title="人员编号")
    """One key per human, such as a staff number; the same on every line of that person."""
    name: str = Field(min_length=1, max_length=40, title="姓名")
    mobile: Annotated[tuple[Mobile, ...], SEVERAL] = Field((), max_length=MOST, title="手机")
    """The first one is used first."""
    phone: Annotated[tuple[Phone, ...], SEVERAL] = Field((), max_length=MOST, title="座机")
    """Telephones that take no SMS; whoever has nothing else is called by hand."""
    email: Annotated[tuple[Mailbox, ...], SEVERAL] = Field((), max_length=MOST, title="邮箱")
    wecom: Member | None = Field(None, title="企业微信")
    """Userid in WeCom."""
    app: Device | None = Field(None, title="应用设备")
    """Device in the district's own app: one level of a topic."""
    loudspeaker: Device | None = Field(None, title="大喇叭")
    """Device of a 大喇叭, which has a line of its own like a person."""
    extra: str | None = Field(None, max_length=200, title="其他渠道")
    """What stands for {address} in the settings of the gateway of the kind extra."""
    prefers: Annotated[tuple[Preferred, ...], BeforeValidator(_channels)] = Field((), title="优先渠道")
    """Channels in the order in which this person is tried below orange: `wecom sms`; others come after."""
    deputy: Key | None = Field(None, title="B角")
    superior: Key | None = Field(None, title="上级")
    proven: str = Field("", title="最近验证")
    """When the numbers were proven last; the export writes it, and nobody reads it."""
