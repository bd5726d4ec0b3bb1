"""Reading a folder: `check` says all that is wrong with it, `load` makes the book or refuses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from warnengine.model.book import Entry, RuleBook, Unit, UnitKind
from warnengine.model.errors import RuleBookError
from warnengine.model.finding import Finding, Findings, Severity, did_you_mean
from warnengine.model.hazard import Hazard, Source
from warnengine.model.level import Level
from warnengine.model.place import District, Township
from warnengine.rulebook.draft import Draft, owner
from warnengine.rulebook.files import FOLDERS, OPTIONAL, SINGLE, DistrictFile, HazardEntry, SourceEntry, shape
from warnengine.rulebook.lint import coverage, lint
from warnengine.rulebook.parse import Parsed, broken, parse
from warnengine.rulebook.sheet import read


def check(folder: Path) -> Findings:
    """Everything there is to say about the rule book in a folder, by file and line; errors refuse it."""
    return drafted(folder)[1]


def load(folder: Path) -> RuleBook:
    """The rule book in a folder; RuleBookError, one finding a line, where `check` finds an error."""
    contents = _contents(folder)
    draft, findings = _read(folder.as_posix(), contents)
    if draft is None or any(finding.severity is Severity.ERROR for finding in findings):
        raise RuleBookError("\n".join(str(found) for found in findings if found.severity is not Severity.NOTE))
    return _assemble(draft, digest(contents))


def with_gaps(folder: Path) -> RuleBook:
    """The rule book in a folder, where nothing but gaps speaks against it: whoever proves the grid wants to see
    them. RuleBookError where anything else is an error."""
    contents = _contents(folder)
    draft, findings = _read(folder.as_posix(), contents)
    gaps = set(coverage.check(draft)) if draft else set()
    errors = [found for found in findings if found.severity is Severity.ERROR and found not in gaps]
    if draft is None or errors:
        raise RuleBookError("\n".join(map(str, errors)))
    return _assemble(draft, digest(contents))


def whole(folder: Path) -> dict[str, str]:
    """The files of a rule book as text, by path, byte for byte; RuleBookError where one is no text."""
    return {name: _text(name, raw) for name, raw in _contents(folder).items()}


def judged(files: Mapping[str, str], name: str = "rules") -> tuple[RuleBook | None, Draft | None, Findings]:
    """A book from its files, the parts that it is made of, and all that there is to say about it; no book where an
    error refuses it."""
    contents = {path: text.encode() for path, text in files.items()}
    draft, findings = _read(name, contents)
    good = draft is not None and all(finding.severity is not Severity.ERROR for finding in findings)
    return (_assemble(draft, digest(contents)) if draft and good else None), draft, findings


def restored(files: Mapping[str, str], book: str) -> RuleBook:
    """A book that was published, from its files: it passed then, and a stricter lint of today does not end it.

    RuleBookError where the files are not those of its hash, or this version cannot read them."""
    contents = {path: text.encode() for path, text in files.items()}
    if digest(contents) != book:
        raise RuleBookError(f"the files kept of rule book {book[:12]} are not those of its hash: tell the bureau")
    draft, findings = _read(f"rule book {book[:12]}", contents)
    if draft is None or draft.broken:
        errors = [str(one) for one in findings if one.severity is Severity.ERROR]
        raise RuleBookError(f"this version cannot read the published rule book {book[:12]}\n" + "\n".join(errors))
    return _assemble(draft, book)


def _text(name: str, raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise RuleBookError(f"{name}: not UTF-8 text; save the file as UTF-8") from error


def drafted(folder: Path) -> tuple[Draft | None, Findings]:
    """The parts of a book before they are joined, and what `check` says of them."""
    return _read(folder.as_posix(), _contents(folder))


def digest(contents: Mapping[str, bytes]) -> str:
    """SHA-256 over the files in the order of their paths, each with its path and length."""
    total = hashlib.sha256()
    for path, raw in sorted(contents.items()):
        total.update(f"{path}\0{len(raw)}\0".encode())
        total.update(raw)
    return total.hexdigest()


def _contents(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise RuleBookError(f"{folder}: 没有这个规则目录 — 看看名字写对没有,是不是在项目目录里运行")
    paths = [path for path in folder.rglob("*") if path.is_file()]
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in named.items() if not _aside(name)}


def _aside(name: str) -> bool:
    """Hidden files and explanations are no part of the book."""
    return name.endswith(".md") or any(part.startswith(".") for part in name.split("/"))


def _read(folder: str, contents: Mapping[str, bytes]) -> tuple[Draft | None, Findings]:
    """The draft is None where a file is missing or lost: what refers to it could not be judged."""
    findings = list(_strangers(folder, contents))
    files: list[Parsed] = []
    lost: set[str] = set()
    known = {name: model for name in sorted(contents) if (model := shape(name))}
    for name, model in known.items():
        parsed, refused, names = _file(f"{folder}/{name}", contents[name], model)
        files += [parsed] if parsed else []
        findings += refused
        lost |= names
    whole = len(files) == len(known) and contents.keys() >= SINGLE.keys()
    draft = Draft(tuple(files), frozenset(lost)) if whole else None
    findings += lint(draft) if draft else ()
    return draft, tuple(sorted(findings, key=lambda finding: (finding.file, finding.line)))


def _file(file: str, raw: bytes, model: type[Entry]) -> tuple[Parsed | None, list[Finding], set[str]]:
    sheet, findings = read(file, raw)
    if sheet is None:
        return None, findings, set()
    parsed, refused = parse(sheet, model)
    return parsed, findings + refused, broken(sheet, parsed)


def _strangers(folder: str, contents: Mapping[str, bytes]) -> Iterator[Finding]:
    for name in SINGLE.keys() - contents.keys():
        yield Finding(f"{folder}/{name}", 1, Severity.ERROR, "缺这个文件", "每套规则库都要有它")
    for name in contents:
        if shape(name) is None:
            fix = did_you_mean(name, (*SINGLE, *OPTIONAL, *FOLDERS))
            yield Finding(f"{folder}/{name}", 1, Severity.ERROR, "规则库里不该有这个文件", fix)


def _assemble(draft: Draft, book_hash: str) -> RuleBook:
    own = draft.district.value
    files = [file.value for file in draft.measure_files]
    return RuleBook(
        hash=book_hash,
        district=_district(own, draft.of_kind(UnitKind.TOWNSHIP)),
        signature=own.signature,
        duty_phone=own.duty_phone,
        hazards=tuple(_hazard(hazard.value) for hazard in draft.hazards),
        issuers={key: one.name for key, one in own.issuers.items()},
        remits={key: one for key, one in own.issuers.items() if one.limited},
        triggers=draft.triggers.value if draft.triggers else None,
        units={unit.value.code: unit.value for unit in draft.units},
        posts={post.value.key: post.value for post in draft.posts},
        sectors={file.sector: file.measures for file in files if file.sector},
        kinds={file.kind: file.measures for file in files if file.kind},
        plans={plan.value.township: plan.value for plan in draft.plans},
        ladder=draft.ladder.value.rungs(),
        night=draft.ladder.value.night,
        pace=draft.ladder.value.pace,
        approvals={rule.value.level: rule.value for rule in draft.approvals},
        families=own.families,
        in_use=own.in_use,
        criteria={hazard.value.key: hazard.value.criteria for hazard in draft.hazards},
        silent={owner(file): file.none for file in files if file.none},
        standing=tuple(one.value for one in draft.standing),
        limits=draft.limits.value,
        sources=tuple(_source(source.value) for source in draft.sources),
    )


def _district(own: DistrictFile, towns: Iterable[Unit]) -> District:
    return District(
        code=own.code,
        name=own.name,
        aliases=own.aliases,
        code_aliases=own.code_aliases,
        townships=tuple(Township(town.code, town.name, town.aliases, town.rivers) for town in towns),
    )


def _hazard(entry: HazardEntry) -> Hazard:
    hours = tuple((level, entry.hours[level]) for level in Level if level in entry.hours)
    return Hazard(entry.key, entry.name, entry.synonyms, entry.codes, hours)


def _source(entry: SourceEntry) -> Source:
    return Source(entry.name, entry.senders, tuple(entry.severity.items()), entry.colours, entry.hours)
