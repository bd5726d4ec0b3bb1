"""Observations as JSON lines or as CSV, row by row: one bad row does not cost the others."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from warnengine.model.clock import BEIJING
from warnengine.model.errors import RefusedWarning
from warnengine.model.observation import Datum, Kind, Reading, Refusal

ROWS = 100_000
"""A day of five-minute values of three hundred stations."""
SHOWN = 500
"""Characters of a refused row that are kept."""
NAMES = {
    "station": "station", "站号": "station", "测站": "station", "站码": "station",
    "kind": "kind", "要素": "kind",
    "time": "time", "时间": "time", "观测时间": "time",
    "value": "value", "数值": "value", "值": "value",
    "minutes": "minutes", "时段": "minutes", "时段分钟": "minutes",
    "datum": "datum", "基准面": "datum",
    "peak_at": "peak_at", "峰现时间": "peak_at",
    "revision": "revision", "修订号": "revision",
}  # fmt: skip
"""What a column or a key may be called."""
KINDS = {
    "雨量": "rain", "降雨量": "rain", "水位": "stage",
    "预报水位": "forecast_stage", "预报洪峰水位": "forecast_stage",
    "气温": "temperature", "温度": "temperature", "风速": "wind",
}  # fmt: skip
DATUMS = {"wusong": "吴淞", "huanghai": "黄海", "85": "国家85", "1985国家高程基准": "国家85"}
MISSING = frozenset({"", "-", "--", "/", "null", "nan", "缺测", "-9999", "-999", "9999", "99999", "999999"})
"""What stands for a value where nothing was measured."""


class Row(BaseModel):
    """One row; a name that means nothing is a mistake."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    station: str = Field(min_length=1, max_length=40)
    kind: Kind
    time: datetime
    value: float
    minutes: int = Field(default=0, ge=0)
    datum: Datum | None = None
    peak_at: datetime | None = None
    revision: int = Field(default=0, ge=0, le=1000)

    @field_validator("time", "peak_at")
    @classmethod
    def _zoned(cls, moment: datetime | None) -> datetime | None:
        """What names no zone is Beijing time."""
        return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=BEIJING)

    def reading(self) -> Reading:
        """The same as a reading."""
        return Reading(
            self.station, self.kind, self.time, self.value, self.minutes, self.datum, self.peak_at, self.revision
        )


def read(raw: bytes) -> Iterator[tuple[int, str, Reading | Refusal]]:
    """Line, text and reading of every row, or why it is none; RefusedWarning where the whole cannot be read."""
    text = _text(raw)
    rows = _json_lines(text) if text.lstrip()[:1] in {"{", "["} else _csv(text)
    for count, (line, shown, fields) in enumerate(rows):
        if count >= ROWS:
            raise RefusedWarning("too_large", f"一次最多{ROWS}行观测数据:请分开发送")
        yield line, shown[:SHOWN], _row(line, shown[:SHOWN], fields)


def recognises(names: Iterable[str]) -> bool:
    """Whether columns or keys are those of observations."""
    return {"station", "kind", "value"} <= {NAMES.get(name.strip().lower(), name.strip()) for name in names}


def elsewhere() -> RefusedWarning:
    """What to say to whoever hands observations in as warnings."""
    return RefusedWarning(
        "observation", "这是观测数据(站号、要素、数值),不是预警:请用 warnengine observe,或发到 /v1/observations"
    )


def _row(line: int, shown: str, fields: Mapping[str, Any] | str) -> Reading | Refusal:
    if isinstance(fields, str):
        return Refusal(line, shown, fields)
    try:
        return Row.model_validate(_named(fields)).reading()
    except ValidationError as error:
        return Refusal(line, shown, ";".join(dict.fromkeys(_words(one) for one in error.errors())))


def _named(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields by the names that we know them by, less those that are empty."""
    plain = {NAMES.get(str(key).strip(), str(key).strip()): _stripped(value) for key, value in fields.items()}
    kept = {key: value for key, value in plain.items() if value is not None and value != ""}
    if isinstance(kept.get("value"), bool) or str(kept.get("value", "")).removesuffix(".0").lower() in MISSING:
        kept.pop("value", None)
    if isinstance(kept.get("kind"), str):
        kept["kind"] = KINDS.get(kept["kind"], kept["kind"])
    if isinstance(kept.get("datum"), str):
        kept["datum"] = DATUMS.get(kept["datum"].lower(), kept["datum"].removesuffix("高程").removesuffix("基面"))
    return kept


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


_WORDS = {
    "station": "站号不对:请写 rules/triggers.yaml 里的站号",
    "kind": "要素不对:请写 雨量、水位、预报水位、气温、风速 之一",
    "time": "时间不对:请写 2026-07-27 05:40,或带时区的 2026-07-27T05:40:00+08:00",
    "value": "没有数值或不是数字:缺测的请整行不报,不要填0",
    "minutes": "时段不对:请写分钟数,如 5、60",
    "datum": f"基准面不对:请写{'、'.join(Datum)}之一",
    "peak_at": "峰现时间不对:请写 2026-07-27 09:00",
    "revision": "修订号不对:请写 0 到 1000 的整数",
}


def _words(problem: Mapping[str, Any]) -> str:
    name = str(problem["loc"][0]) if problem["loc"] else ""
    return _WORDS.get(name, f"不认识的栏目“{name[:40]}”:请去掉,或改为 {'、'.join(_WORDS)}")


def _json_lines(text: str) -> Iterator[tuple[int, str, Mapping[str, Any] | str]]:
    if text.lstrip().startswith("["):
        yield from _json_list(text)
        return
    for line, words in enumerate(text.splitlines(), 1):
        if words.strip():
            yield line, words, _object(words)


def _json_list(text: str) -> Iterator[tuple[int, str, Mapping[str, Any] | str]]:
    """A list of objects; its line is its place in the list."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RefusedWarning("unreadable", f"不是 JSON:{error}。请每行写一个对象,或发送 CSV") from error
    for place, one in enumerate(rows, 1):
        shown = json.dumps(one, ensure_ascii=False)
        yield place, shown, one if isinstance(one, dict) else "不是一个对象:请写成 {…}"


def _object(words: str) -> Mapping[str, Any] | str:
    try:
        found = json.loads(words)
    except (ValueError, RecursionError):
        return "这一行不是 JSON:请每行写一个对象"
    return found if isinstance(found, dict) else "这一行不是一个对象:请写成 {…}"


def _csv(text: str) -> Iterator[tuple[int, str, Mapping[str, Any] | str]]:
    reader = csv.reader(io.StringIO(text))
    try:
        header = [name.strip() for name in next(reader, [])]
        if not {"station", "kind", "time", "value"} <= {NAMES.get(name, name) for name in header}:
            raise RefusedWarning(
                "unreadable", "第一行不是表头:请写 站号,要素,时间,数值(另可有 时段,基准面,峰现时间,修订号)"
            )
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            shown = ",".join(cells)
            wrong = len(cells) > len(header)
            yield (
                reader.line_num,
                shown,
                "栏数多于表头:请核对逗号" if wrong else dict(zip(header, cells, strict=False)),
            )
    except csv.Error as error:
        raise RefusedWarning("unreadable", f"CSV 第{reader.line_num}行读不下去({error}):请另存后重发") from error


def _text(raw: bytes) -> str:
    """UTF-8, or what a Chinese Excel writes."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RefusedWarning("unreadable", "编码认不出来:请存为 UTF-8 再发")
