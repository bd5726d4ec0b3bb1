"""Changing entries of a YAML file in place: only the characters of what changes are touched (ADR 0038).

The parser says where each value begins and ends; the new text is put there. Comments, order, quoting and line
ends of everything else stay byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from warnengine.model.errors import RuleBookError
from warnengine.rulebook.excel.columns import Raw

Fields = Mapping[str, Raw | dict[str, str]]
"""The keys of an entry, in the order in which they are written; an empty value: the key goes."""
Splice = tuple[int, int, str]
"""From, to, and what stands there instead."""


@dataclass(frozen=True)
class Edits:
    """What happens to one list of a file."""

    key: str
    """Of the list: measures; empty: the file itself is the one entry."""
    order: Sequence[str]
    """The keys of an entry in the order of the house."""
    spaced: bool = False
    """A blank line between entries."""
    changed: Mapping[int, Fields] = field(default_factory=dict)
    """By the place of the entry in the list."""
    removed: frozenset[int] = frozenset()
    added: Sequence[tuple[int | None, Fields]] = ()
    """Behind which entry, None: at the end; several behind one in the order given."""


def edited(text: str, edits: Edits) -> str:
    """The file with its list changed; RuleBookError where the list is written in a way that has no lines."""
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    assert isinstance(root, MappingNode)
    end = "\r\n" if "\r\n" in text else "\n"
    if not edits.key:
        changes = [one for fields in edits.changed.values() for one in _change(text, root, fields, edits.order)]
        return _spliced(text, [(start, stop, new.replace("\n", end)) for start, stop, new in changes], end)
    listed = _value(root, edits.key)
    if isinstance(listed, SequenceNode) and listed.value and listed.flow_style:
        raise RuleBookError(f"“{edits.key}”写在一行里 — 改成每条以 - 开头另起一行,再导入")
    if not isinstance(listed, SequenceNode) or not listed.value:
        return _first(text, root, listed, edits).replace("\n", end) if edits.added else text
    changes = list(_splices(text, listed, edits))
    return _spliced(text, [(start, stop, new.replace("\n", end)) for start, stop, new in changes], end)


def _first(text: str, root: MappingNode, listed: Node | None, edits: Edits) -> str:
    """A list that has no entries yet, or is not there at all."""
    text = text.replace("\r\n", "\n")
    entries = ("\n" if edits.spaced else "").join(_entry(fields, 2) for _, fields in edits.added)
    block = f"{edits.key}:\n{entries}"
    if listed is None:
        return f"{text.rstrip()}\n\n{block}"
    line = next(at for at, row in enumerate(text.split("\n")) if row.startswith(f"{edits.key}:"))
    rows = text.split("\n")
    return "\n".join([*rows[:line], *block.rstrip("\n").split("\n"), *rows[line + 1 :]])


def _splices(text: str, listed: SequenceNode, edits: Edits) -> Iterator[Splice]:
    entries = listed.value
    for at, fields in edits.changed.items():
        yield from _change(text, entries[at], fields, edits.order)
    yield from (_removal(text, entries[at]) for at in sorted(edits.removed))
    dash = _dash(text, entries[0])
    for behind, fields in edits.added:
        place = _line_end(text, _end(entries[-1 if behind is None else behind]))
        yield place, place, ("\n" if edits.spaced else "") + _entry(fields, dash)
    if edits.removed == frozenset(range(len(entries))) and not edits.added:
        key_end = text.rindex(edits.key, 0, entries[0].start_mark.index) + len(edits.key)
        yield key_end, _line_end(text, key_end), ": []\n"


def _spliced(text: str, changes: Iterable[Splice], end: str) -> str:
    """All at once: places are those of the text as it was."""
    done, parts = 0, []
    for start, stop, new in sorted(changes, key=lambda change: change[:2]):
        parts += [text[done:start], end if new and start and not _opens(text, start, new) else "", new]
        done = max(done, stop)
    return "".join([*parts, text[done:]])


def _opens(text: str, start: int, new: str) -> bool:
    """Whether whole lines are put where a line begins; the last line of a file may have no end."""
    return not new.endswith("\n") or text[start - 1] == "\n" or text[start : start + 1] == ":"


def _change(text: str, entry: Node, fields: Fields, order: Sequence[str]) -> Iterator[Splice]:
    assert isinstance(entry, MappingNode)
    if entry.flow_style:
        yield _anew(text, entry, fields, order)
        return
    nodes = {key.value: (key, value) for key, value in entry.value}
    indent = entry.start_mark.column
    for name, raw in fields.items():
        if name in nodes and raw:
            key, value = nodes[name]
            stop = len(text[: _end(value, key)].rstrip())  # a text over several lines ends behind its last line
            yield key.end_mark.index, stop, ":" + _rendered(raw, indent, lines=_in_lines(value))
        elif name in nodes:
            key, value = nodes[name]
            yield _line_start(text, key.start_mark.index), _line_end(text, _end(value, key)), ""
        elif raw:
            before = [nodes[other] for other in order[: order.index(name)] if other in nodes]
            key, value = before[-1] if before else entry.value[0]
            place = _line_end(text, _end(value, key))
            yield place, place, f"{' ' * indent}{name}:{_rendered(raw, indent)}\n"


def _in_lines(value: Node) -> bool:
    """Whether a list has a line for each of its texts."""
    if not isinstance(value, SequenceNode) or value.flow_style:
        return False
    return bool(value.value) and all(isinstance(part, ScalarNode) for part in value.value)


def _anew(text: str, entry: MappingNode, fields: Fields, order: Sequence[str]) -> Splice:
    """An entry on one line is written anew."""
    known = {key.value: _plain(value) for key, value in entry.value} | dict(fields)
    names = [*(name for name in order if name in known), *(name for name in known if name not in order)]
    body = _entry({name: known[name] for name in names}, 0).rstrip("\n").removeprefix("- ")
    indent = " " * entry.start_mark.column
    return entry.start_mark.index, entry.end_mark.index, body.replace("\n  ", f"\n{indent}")


def _removal(text: str, entry: Node) -> Splice:
    """The lines of an entry and the blank ones below it; comments above it stay."""
    start, stop = _line_start(text, entry.start_mark.index), _line_end(text, _end(entry))
    below = re.compile(r"(?:[^\S\n]*\n)*").match(text, stop)
    stop = below.end() if below else stop
    if stop == len(text):
        start = _line_end(text, len(text[:start].rstrip()))
    return start, stop, ""


def _entry(fields: Fields, dash: int) -> str:
    """The lines of a new entry."""
    indent = dash + 2
    lines = [f"{name}:{_rendered(raw, indent)}" for name, raw in fields.items() if raw]
    return f"{' ' * dash}- " + f"\n{' ' * indent}".join(lines) + "\n"


def _rendered(raw: Any, indent: int, *, lines: bool = False) -> str:
    """What stands behind the colon. lines: a list of texts as one line for each."""
    if isinstance(raw, dict):
        return f" {_flow(raw)}"
    if lines and isinstance(raw, list) and all(isinstance(part, str) for part in raw):
        return "".join(f"\n{' ' * (indent + 2)}- {_scalar(part, inside=False)}" for part in raw)
    if isinstance(raw, list) and any(isinstance(part, dict) for part in raw):
        return "".join(f"\n{' ' * (indent + 2)}- {_flow(part)}" for part in raw)
    if isinstance(raw, list):
        return f" [{', '.join(_scalar(part, inside=True) for part in raw)}]"
    return f" {_scalar(raw, inside=False)}"


def _flow(raw: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {_scalar(value, inside=True)}" for name, value in raw.items()) + "}"


BARE = {"true", "false"}
FIGURE = re.compile(r"[0-9]{1,8}|-?[0-9]{1,6}\.[0-9]{1,8}")
"""What is a number in a file; a code is longer, and a text."""


def _scalar(value: str, inside: bool) -> str:
    """Plain where YAML reads it back as the same text, else in quotes."""
    if value in BARE or FIGURE.fullmatch(value):
        return value
    around = f"[{value}]" if inside else f"k: {value}"
    try:
        read = yaml.load(around, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        read = None
    dated = not inside and len(value) == 10 and value.replace("-", "").isdigit()
    plain = dated or read == ([value] if inside else {"k": value})
    return value if plain else "'" + value.replace("'", "''") + "'"


def _plain(node: Node) -> Any:
    """A node as text, lists and mappings of text."""
    if isinstance(node, MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    return [_plain(part) for part in node.value] if isinstance(node, SequenceNode) else str(node.value)


def _value(root: MappingNode, key: str) -> Node | None:
    return next((value for name, value in root.value if name.value == key), None)


def _end(node: Node, before: Node | None = None) -> int:
    """Where the last character of a value ends; a block ends with the last of what is in it.

    before: its key, which is the end where the value is nothing at all."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1], last[0]) if isinstance(last, tuple) else _end(last)
    if isinstance(node, ScalarNode) and node.start_mark.index == node.end_mark.index and before is not None:
        return int(before.end_mark.index) + 1
    return int(node.end_mark.index)


def _dash(text: str, entry: Node) -> int:
    line = _line_start(text, entry.start_mark.index)
    return text.index("-", line) - line


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_end(text: str, place: int) -> int:
    """Behind the end of the line; where a block scalar has been left, its last line is meant."""
    place = len(text[:place].rstrip("\r\n"))
    found = text.find("\n", place)
    return len(text) if found < 0 else found + 1
