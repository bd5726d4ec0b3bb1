"""The address list as a workbook: what counts now, to be changed and imported again; with dates of proofs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import phonenumbers
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from phonenumbers import PhoneNumberFormat

from warnengine.directory.row import CHANNELS
from warnengine.directory.sheets import NOTES, SHEETS
from warnengine.model.book import RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Absence, Directory, Holding, Person, Shift
from warnengine.model.rota import DayKind

Proofs = Mapping[tuple[str, str, str], datetime]
"""When a number or mailbox was proven last, by (person, channel, address)."""
HEAD = PatternFill("solid", fgColor="FFDDEBF7")
WIDTH = 18
DAY = timedelta(days=1)
GUIDE = (
    "通讯录 填写说明",
    "四张表: 人员岗位、请假、值班表、节假日调休。只导入其中几张也可以(另存一份,删去别的),没有的表不变。",
    "人员岗位: 一个人在一个岗位写一行;一个人有三个岗位就写三行,人员编号和号码写得一样,只会收到一条短信。",
    "手机、座机、邮箱可以写几个,用顿号隔开,先用第一个。“最近验证”由系统填写,改了不算。",
    "B角、上级: 写人员编号或姓名(没有重名时)。",
    "请假: 结束写最后一天(这一天也不在)。代班人空着,由各岗位的 B 角顶;都没有,仍叫本人。",
    "值班表: 日期写 2026-10-01、一段 2026-10-01~2026-10-07,或者 每天、工作日、休息日、节假日、周一……周日。",
    "值班表: 下班不晚于上班,就是到第二天;24 小时班写 08:30 和 08:30。没有班的时间,由人员岗位里的人接。",
    "值班表: 同一时间有几行管到,以具体的为准: 日期、节假日、周几、工作日和休息日、每天。",
    "值班表: 放假和调休的日子,工作日和休息日先于周几: 调休上班的周六按工作日排班。",
    "节假日调休: 放假的每一天写“节假日”(连同中间的周末),调休上班的周末写“上班”。",
    "值班表排到节假日调休写到的那一年年底;写了日期的班排到那一天。",
    "不合并单元格,不写公式,不改工作表的名字和第一行的标题。",
)


def export(directory: Directory, book: RuleBook, proofs: Proofs, out: Path) -> None:
    """Write all sheets; of an empty list the headings."""
    made = Workbook()
    notes = made.worksheets[0]
    notes.title = NOTES
    for row, line in enumerate(GUIDE, 1):
        notes.cell(row, 1, line).font = Font(bold=row == 1)
    notes.column_dimensions["A"].width = 110
    rows = (
        (_held(held, directory, book, proofs) for held in directory.holdings),
        map(_away, directory.absences),
        (_duty(shift, book) for shift in directory.shifts),
        _days(directory.calendar),
    )
    for (title, model), listed in zip(SHEETS.items(), rows, strict=True):
        headings = [str(info.title) for info in model.model_fields.values()]
        _table(made.create_sheet(title), headings, listed)
    rule = DataValidation(type="list", formula1=f'"{",".join(DayKind)}"', allow_blank=True)
    made.worksheets[-1].add_data_validation(rule)
    rule.add("B2:B400")
    made.save(out)


def _table(sheet: Worksheet, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for row, texts in enumerate((headings, *rows), 1):
        for column, text in enumerate(texts, 1):
            cell = sheet.cell(row, column)
            cell.value = text or None
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if text:
                cell.data_type = "s"  # whatever it begins with, it is no formula
            if row == 1:
                cell.font, cell.fill = Font(bold=True), HEAD
    for column in range(1, len(headings) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = WIDTH
    sheet.freeze_panes = "A2"


def _held(held: Holding, directory: Directory, book: RuleBook, proofs: Proofs) -> tuple[str, ...]:
    person = directory.people[held.person]
    ways = {channel: _ways(person, channel) for channel in ("sms", "call", "email")}
    words = {key: word for word, key in CHANNELS.items()}
    return (
        *_post(held.unit, held.post, book),
        person.key,
        person.name,
        *("、".join(map(written, numbers)) for numbers in ways.values()),
        person.wecom or "",
        person.app or "",
        person.loudspeaker or "",
        person.extra or "",
        " ".join(words[channel] for channel in person.prefers),
        held.deputy or "",
        held.superior or "",
        "、".join(_proofs(person, proofs)),
    )


def _post(unit: str, post: str, book: RuleBook) -> tuple[str, str]:
    known = book.units.get(unit)
    titled = book.posts.get(post)
    return known.name if known else unit, titled.name_in(known.kind) if known and titled else post


def _ways(person: Person, channel: str) -> list[str]:
    return [address for kind, address in person.ways if kind == channel]


def written(address: str) -> str:
    """A Chinese number as people write it; anything else as it is."""
    if not address.startswith("+86"):
        return address
    number = phonenumbers.parse(address, None)
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL).replace(" ", "")


def _proofs(person: Person, proofs: Proofs) -> Iterator[str]:
    for channel, address in person.ways:
        if proven := proofs.get((person.key, channel, address)):
            yield f"{written(address)} {proven.astimezone(BEIJING):%Y-%m-%d}"


def _away(absence: Absence) -> tuple[str, ...]:
    starts, ends = (moment.astimezone(BEIJING) for moment in (absence.starts, absence.ends))
    if _midnight(starts) and _midnight(ends):
        days = f"{starts:%Y-%m-%d}", f"{ends - DAY:%Y-%m-%d}"
    else:
        days = f"{starts:%Y-%m-%d %H:%M}", f"{ends:%Y-%m-%d %H:%M}"
    return absence.person, *days, absence.stand_in or "", absence.reason


def _midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute) == (0, 0)


def _duty(shift: Shift, book: RuleBook) -> tuple[str, ...]:
    minutes = shift.begins.hour * 60 + shift.begins.minute + int(shift.lasts.total_seconds()) // 60
    ends = minutes if minutes == 24 * 60 else minutes % (24 * 60)
    hours = f"{shift.begins:%H:%M}", f"{ends // 60:02}:{ends % 60:02}"
    return *_post(shift.unit, shift.post, book), shift.days, *hours, shift.person


def _days(calendar: Mapping[date, DayKind]) -> Iterator[tuple[str, str, str]]:
    """Days of a kind that follow each other are one row."""
    days = sorted(calendar)
    first = 0
    for place, day in enumerate(days, 1):
        after = days[place] if place < len(days) else None
        if after != day + DAY or calendar[after] != calendar[day]:
            since = days[first]
            yield (f"{since}" if since == day else f"{since}~{day}"), calendar[day].value, ""
            first = place
