"""The simulators' log, read as what each phone, mailbox and browser took and said.

A line is one JSON object: `at` and `engine_at` (ISO times, the second may be null), `gateway`, `connection`,
`event`, `to`, `text`, `parts`, `ids`, `fate`. Other keys are left alone.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

ARRIVED = frozenset({"delivrd", "delivered", "success", "ok", "0", "sm:0000", "cm:0000", "read", "2.0.0"})
"""Words of a receipt that say: on the phone."""
OPEN = frozenset({"", "acceptd", "accepted", "enroute", "unknown", "delayed", "relayed", "buffered"})
"""Words of a receipt that decide nothing; every other word says: not on the phone."""

Answered = Literal["received", "acting", "done"]
RANK: Mapping[Answered, int] = {"received": 1, "acting": 2, "done": 3}


@dataclass(frozen=True, slots=True)
class Copy:
    """One whole message as one address took it."""

    line: int
    """Line of the log, from 1: the order in which things happened."""
    moment: datetime
    """Engine time."""
    gateway: str
    to: str
    text: str
    delivered: bool
    """A receipt for every part says so, and this log holds them."""
    failed: bool
    """A receipt says that it is not on the phone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody said, by reply or on the page."""

    line: int
    moment: datetime
    to: str
    """The address that spoke."""
    text: str
    said: Answered | None
    """None where the words say none of the three."""


@dataclass(frozen=True, slots=True)
class Night:
    """The whole log."""

    copies: tuple[Copy, ...]
    answers: tuple[Answer, ...]
    refused: int


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    moment: datetime
    fields: Mapping[str, Any]

    def __getitem__(self, key: str) -> str:
        return str(self.fields.get(key) or "")

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(map(str, self.fields.get("ids") or ()))


def read_log(path: Path) -> Night:
    """Read a log of the simulators.

    Raises:
        ValueError: a line is no JSON object; the line is named.
    """
    lines = list(_lines(path))
    receipts = _Receipts(line for line in lines if line["event"] == "receipt")
    return Night(
        copies=tuple(_copy(line, receipts.of(line)) for line in lines if line["event"] == "message"),
        answers=tuple(_answer(line) for line in lines if line["event"] in {"reply", "page"}),
        refused=sum(line["event"] == "refused" for line in lines),
    )


def address(raw: str) -> str:
    """A form in which two spellings of one address are equal: 11 digits of a mobile, a mailbox in lower case, the
    endpoint of a push subscription."""
    if raw.startswith("{"):
        return str(json.loads(raw)["endpoint"])
    digits = re.sub(r"[\s()-]", "", raw)
    mobile = re.fullmatch(r"(?:\+|00)?(?:86)?(1\d{10})", digits)
    if mobile:
        return mobile[1]
    return raw.strip().strip("<>").removeprefix("mailto:").lower() if "@" in raw else raw.strip()


def read_answer(text: str) -> Answered | None:
    """1 or 收到 is received, 2 is acting, 3 or 撤完 is done, in any width and with whatever follows."""
    words = unicodedata.normalize("NFKC", text).strip().lower()
    for said, pattern in _SAID:
        if re.match(pattern, words):
            return said
    return None


_SAID: tuple[tuple[Answered, str], ...] = (
    ("done", r"3(?!\d)|done|已?完成|已撤|撤完|已转移|办结"),
    ("acting", r"2(?!\d)|acting|正在|行动|在办|已行动"),
    ("received", r"1(?!\d)|received|ack|收到|已收到"),
)


def _lines(path: Path) -> Iterator[_Line]:
    moment: datetime | None = None
    waiting: list[tuple[int, Mapping[str, Any]]] = []
    with path.open(encoding="utf-8") as file:
        for number, raw in enumerate(file, 1):
            fields = _fields(path, number, raw)
            if told := fields.get("engine_at"):
                moment = datetime.fromisoformat(told)
            waiting.append((number, fields))
            # A line without engine time has that of the line before it, or of the first line that has one.
            if moment is not None:
                yield from (_Line(number, moment, fields) for number, fields in waiting)
                waiting.clear()
    yield from (_Line(number, datetime.fromisoformat(fields["at"]), fields) for number, fields in waiting)


def _fields(path: Path, number: int, raw: str) -> Mapping[str, Any]:
    try:
        fields = json.loads(raw)
    except json.JSONDecodeError as broken:
        raise ValueError(
            f"{path}, line {number}: not JSON ({broken.msg}); the simulators' log is damaged"
        ) from None
    if not isinstance(fields, dict):
        raise ValueError(f"{path}, line {number}: a JSON object was expected, found {raw.strip()[:40]!r}")
    return fields


class _Receipts:
    """Receipts by the part that they name, and by address where they name none."""

    def __init__(self, lines: Iterable[_Line]) -> None:
        self._by_part: dict[tuple[str, str], list[_Line]] = defaultdict(list)
        self._by_address: dict[str, list[_Line]] = defaultdict(list)
        for line in lines:
            for ident in line.ids:
                self._by_part[line["gateway"], ident].append(line)
            if not line.ids:
                self._by_address[address(line["to"])].append(line)

    def of(self, message: _Line) -> list[_Line]:
        """What was said about one message."""
        own = self._by_address[address(message["to"])]
        return [line for line in own if line.number > message.number] + [
            line for ident in message.ids for line in self._by_part[message["gateway"], ident]
        ]


def _copy(line: _Line, receipts: Sequence[_Line]) -> Copy:
    fates = [receipt["fate"].lower() for receipt in receipts]
    arrived = {ident for receipt in receipts if receipt["fate"].lower() in ARRIVED for ident in receipt.ids}
    return Copy(
        line=line.number,
        moment=line.moment,
        gateway=line["gateway"],
        to=address(line["to"]),
        text=line["text"],
        delivered=any(fate in ARRIVED for fate in fates) and (line.ids <= arrived or not arrived),
        failed=any(fate not in ARRIVED | OPEN for fate in fates),
    )


def _answer(line: _Line) -> Answer:
    return Answer(line.number, line.moment, address(line["to"]), line["text"], read_answer(line["text"]))
