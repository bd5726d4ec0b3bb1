"""What a person read in a message against what the reader says of it: where do they disagree?

The tables are expected/*.yaml; what their words mean stands at the top of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from warnengine.ingest.faulty import fault
from warnengine.ingest.formats import Reading, read
from warnengine.ingest.formats.document import LINKS_ONLY
from warnengine.ingest.formats.report import describe
from warnengine.model.errors import RefusedWarning
from warnengine.model.place import District

FOLDER = Path(__file__).parent / "expected"
WORDS = {
    "A1": ("malformed", "not_xml", "unknown_format", "not_a_warning", "unreadable", "encoding"),
    "A2": ("doctype",),
    "B1": ("missing_field", "scope"),
    "B5": ("bad_value", "bad_time"),
    "C1": ("no_info",),
}
"""The reasons for refusal that each rule of the conformance list may go by."""

Row = Mapping[str, Any]
Said = dict[str, Any]


def table(name: str) -> list[dict[str, Any]]:
    """One of the tables, in its order."""
    rows: list[dict[str, Any]] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    return rows


def disagreements(row: Row, raw: bytes, reading: Reading, district: District) -> list[str]:
    """Each as `field: expected this, the reader says that`; none where the reader is right."""
    may_refuse = row.get("refused")
    try:
        found = read(raw, reading)
        if rejected := next(filter(None, map(fault, found)), None):
            raise RefusedWarning(rejected.rule, rejected.message)
    except RefusedWarning as refusal:
        return list(_refusal(may_refuse, refusal))
    said = [entry for warning in found for entry in describe(warning)]
    if may_refuse not in (None, "maybe"):
        return [f"refused: expected a refusal by {_words(may_refuse)}, the reader finds {len(said)} entries"]
    return [*_counted(row, said), *_entries(row, said, district), *_never(row, said, district)]


def _refusal(may_refuse: Any, refusal: RefusedWarning) -> Iterator[str]:
    if refusal.reason == LINKS_ONLY:
        return
    if may_refuse is None:
        yield f"refused: expected to be read, the reader refuses it: {refusal.reason}: {refusal}"
    elif may_refuse not in ("maybe", True):
        rules = may_refuse["any"] if isinstance(may_refuse, dict) else [may_refuse]
        if not any(refusal.reason in (rule, *WORDS[rule]) for rule in rules):
            yield f"rule: expected {_words(may_refuse)}, the reader refuses by {refusal.reason}: {refusal}"


def _counted(row: Row, said: list[Said]) -> Iterator[str]:
    if "count" in row and len(said) != row["count"]:
        shown = ", ".join(f"{entry['hazard']}/{entry['level']}/{entry['msg_type']}" for entry in said)
        yield f"count: expected {row['count']} entries, the reader finds {len(said)}: {shown}"


def _entries(row: Row, said: list[Said], district: District) -> Iterator[str]:
    """Each expected entry against the unclaimed one that is most like it."""
    left = list(said)
    for wanted in row.get("entries", ()):
        alike = [entry for entry in left if _is_meant(wanted, entry)]
        if not alike:
            if not wanted.get("optional"):
                found = [entry["identifier"] for entry in said]
                yield f"entry: expected {_named(wanted)}, the reader has only {found[:5]} ({len(found)})"
            continue
        best = min(alike, key=lambda entry: len(list(_fields(wanted, entry, district))))
        wrong = list(_fields(wanted, best, district))
        if wrong and wanted.get("optional") and "identifier" not in wanted:
            continue
        left.remove(best)
        yield from (f"{line} [{_named(wanted)}]" for line in wrong)


def _is_meant(wanted: Row, entry: Said) -> bool:
    if "identifier" in wanted:
        return bool(entry["identifier"] == wanted["identifier"])
    match = wanted.get("match", {})
    codes = [area["code"] for area in entry["areas"]]
    return ("code" not in match or any(_same_code(match["code"], code) for code in codes)) and (
        "hazard" not in match or entry["hazard"] == match["hazard"]
    )


def _named(wanted: Row) -> str:
    match = wanted.get("match", {})
    return str(wanted.get("identifier") or " ".join(map(str, match.values())) or f"{wanted.get('hazard')}")


def _fields(wanted: Row, entry: Said, district: District) -> Iterator[str]:
    for field in ("sender", "status", "msg_type", "hazard", "level"):
        if field in wanted and entry[field] not in _answers(wanted[field]):
            yield _line(field, wanted[field], entry[field])
    for field in ("sent", "effective", "onset", "expires"):
        if field in wanted and _time(entry[field]) not in map(_time, _answers(wanted[field])):
            yield _line(field, wanted[field], entry[field])
    if "references" in wanted and sorted(entry["references"]) not in map(sorted, _answers(wanted["references"])):
        yield _line("references", wanted["references"], entry["references"])
    if "headline" in wanted and not any(_begins(entry["headline"], head) for head in _answers(wanted["headline"])):
        yield _line("headline", wanted["headline"], entry["headline"][:40])
    if wanted.get("problem") and not entry["problems"]:
        yield "problem: expected one, the reader has none to tell"
    yield from _areas(wanted, entry["areas"], district)


def _areas(wanted: Row, areas: list[Said], district: District) -> Iterator[str]:
    asked = wanted.get("areas")
    shown = [f"{area['code'] or ''}{area['name']}" for area in areas]
    if isinstance(asked, list) and not _exactly(asked, areas):
        yield _line("areas", asked, shown[:8])
    elif asked == "district" and not _whole(district, areas):
        yield _line("areas", "the whole district", shown[:8])
    elif isinstance(asked, dict):
        yield from (_line("areas", f"{what} {value}", shown[:8]) for what, value in _broken(asked, areas))
    if wanted.get("codes") == "none" and any(area["code"] for area in areas):
        yield _line("codes", "none", [area["code"] for area in areas][:5])
    if "area_name" in wanted and not any(wanted["area_name"] in area["name"] for area in areas):
        yield _line("area_name", wanted["area_name"], shown[:5])


def _exactly(asked: list[str], areas: list[Said]) -> bool:
    both = all(_in(name, areas) for name in asked) and all(
        any(_is_area(name, area) for name in asked) for area in areas
    )
    return both and bool(asked) == bool(areas)


def _whole(district: District, areas: list[Said]) -> bool:
    codes = {area["code"] for area in areas}
    return codes == {district.code} or {town.code for town in district.townships} <= codes


def _broken(asked: Row, areas: list[Said]) -> Iterator[tuple[str, Any]]:
    codes = [area["code"] or "" for area in areas]
    broken = {
        "count": len({(area["code"], area["name"]) for area in areas}) != asked.get("count"),
        "include": not all(_in(name, areas) for name in asked.get("include", ())),
        "exclude": any(_in(name, areas) for name in asked.get("exclude", ())),
        "under": not codes or not all(code.startswith(asked.get("under", "")) for code in codes),
        "ours": [code for code in codes if code.startswith("500151")] != asked.get("ours"),
    }
    yield from ((what, asked[what]) for what in asked if broken[what])


def _in(name: str, areas: Iterable[Said]) -> bool:
    return any(_is_area(name, area) for area in areas)


def _is_area(asked: str, area: Said) -> bool:
    return _same_code(asked, area["code"]) or _begins(area["name"], asked)


def _same_code(asked: str, code: str | None) -> bool:
    """Codes mean the same with and without trailing noughts of 6, 9 or 12 figures."""
    return bool(code) and asked.isdigit() and asked.ljust(12, "0") == str(code).ljust(12, "0")


def _never(row: Row, said: list[Said], district: District) -> Iterator[str]:
    for field, values in row.get("never", {}).items():
        for entry in said:
            if entry[field] in values:
                yield f"never {field}: the reader says {entry['hazard']}/{entry['level']}/{entry['msg_type']}"
    codes = [area["code"] or "" for entry in said for area in entry["areas"]]
    if row.get("ours") is False and any(
        code.startswith((district.code, *district.code_aliases)) for code in codes
    ):
        yield f"ours: expected no area of this district, the reader says {codes[:8]}"


def _answers(wanted: Any) -> list[Any]:
    return list(wanted["any"]) if isinstance(wanted, dict) and "any" in wanted else [wanted]


def _words(wanted: Any) -> str:
    return " or ".join(map(str, _answers(wanted)))


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _begins(text: str, head: str) -> bool:
    return "".join(text.split()).startswith("".join(head.split()))


def _line(field: str, wanted: Any, got: Any) -> str:
    return f"{field}: expected {_words(wanted)}, the reader says {got}"
