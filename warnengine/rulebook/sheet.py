"""One YAML file with the line of everything in it.

Every scalar is read as the text that stands there (no `on` that turns into true, no 06:25 that turns into 385,
no code that loses its zeros); the types of the model say what it means. Keys that appear twice, anchors and
aliases are refused: what a reviewer sees is what is loaded.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

import yaml
from yaml.events import (
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from warnengine.model.finding import Finding, Severity
from warnengine.rulebook.refusals import unreadable

Path = tuple[str | int, ...]
"""The way to a value: ("measures", 2, "deadline")."""
DEPTH = 16
"""Far more levels than any rule file has."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as read: its data, and where each part of it stands."""

    file: str
    """As the reader knows it: rules/measures/housing.yaml."""
    data: dict[str, object]
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest thing around it that is in the file."""
        return next(self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines)

    def finding(self, path: Path, what: str, fix: str, severity: Severity = Severity.ERROR) -> Finding:
        """Something to say about a place in this file."""
        return Finding(self.file, self.line(path), severity, what, fix)


def read(file: str, raw: bytes) -> tuple[Sheet | None, list[Finding]]:
    """Read a file; the sheet is None where it cannot be read at all."""
    try:
        reader = _Reader(file, yaml.parse(raw.decode("utf-8-sig"), Loader=yaml.CBaseLoader))
        data = reader.document()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return None, [Finding(file, line, Severity.ERROR, "不是 UTF-8 编码", "请把文件另存为 UTF-8")]
    except yaml.YAMLError as error:
        return None, [_unreadable(file, error)]
    except _Unlike as error:
        return None, [Finding(file, error.line, Severity.ERROR, error.what, "请照其他文件的写法写")]
    if not isinstance(data, dict):
        return None, [Finding(file, 1, Severity.ERROR, "文件里没有任何键", "第一行写成 measures: 这样")]
    return Sheet(file, data, reader.lines), reader.findings


def _unreadable(file: str, error: yaml.YAMLError) -> Finding:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or ""
    line = mark.line + 1 if mark else 1
    return Finding(file, line, Severity.ERROR, *unreadable(problem))


class _Unlike(Exception):
    """YAML, but nothing that a rule file may hold."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


class _Reader:
    """Builds the data from the events of the parser, so that a deeply nested file cannot exhaust the stack."""

    def __init__(self, file: str, events: Iterator[Event]) -> None:
        self.file = file
        self.events = events
        self.lines: dict[Path, int] = {(): 1}
        self.findings: list[Finding] = []

    def document(self) -> object:
        """The one document of the file; None where there is none."""
        data: object = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if data is not None:
                    raise _Unlike(_line(event), "文件中间又开始了第二份文档(---)")
                data = self._value(next(self.events), ())
        return data

    def _value(self, event: Event, path: Path) -> object:
        if len(path) > DEPTH:
            raise _Unlike(_line(event), "嵌套太深")
        match event:
            case ScalarEvent():
                return event.value
            case SequenceStartEvent():
                return self._sequence(path)
            case MappingStartEvent():
                return self._mapping(path)
            case _:
                self._complain(event, "用了引用(& 和 *)", "请把内容直接写出来")
                return ""

    def _sequence(self, path: Path) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            self.lines[(*path, len(items))] = _line(event)
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, object]:
        data: dict[str, object] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._key(event, path, data)
            below = (*path, "" if key is None else key)
            self.lines.setdefault(below, _line(event))
            value = self._value(next(self.events), below)
            if key is not None:
                data[key] = value
        return data

    def _key(self, event: Event, path: Path, data: Container[str]) -> str | None:
        """The key that an event stands for; None where it is refused."""
        if not isinstance(event, ScalarEvent):
            self._value(event, (*path, ""))
            self._complain(event, "键不是一个词", "请写成 key: value 的样子")
            return None
        if event.value in data:
            first = self.lines[(*path, event.value)]
            self._complain(event, f"“{event.value}”写了两次,第一次在第 {first} 行", "请删去一个")
            return None
        return str(event.value)

    def _complain(self, event: Event, what: str, fix: str) -> None:
        self.findings.append(Finding(self.file, _line(event), Severity.ERROR, what, fix))


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
