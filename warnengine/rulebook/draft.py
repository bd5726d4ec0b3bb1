"""A rule book as read, before anybody has checked that its parts fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from warnengine.model.book import (
    ApprovalRule,
    Authorisation,
    Limits,
    Measure,
    MeasureFile,
    Plan,
    Post,
    Silent,
    Station,
    Trigger,
    Triggers,
    Unit,
    UnitKind,
)
from warnengine.model.level import Level
from warnengine.rulebook.files import (
    ApprovalFile,
    Case,
    CaseFile,
    DistrictFile,
    HazardEntry,
    HazardFile,
    LadderFile,
    PostFile,
    SourceEntry,
    UnitFile,
)
from warnengine.rulebook.parse import Located, Parsed

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Owned:
    """A measure with whom it binds: the code of a sector or township, or the kind of all townships or 管委会."""

    at: Located[Measure]
    owner: str

    @property
    def value(self) -> Measure:
        """The measure."""
        return self.at.value


@dataclass(frozen=True)
class Draft:
    """Everything in the folder, with its places. All the files that every book has are there."""

    files: tuple[Parsed, ...]
    broken: frozenset[str]
    """Names of entries that are in the folder and were refused."""

    @cached_property
    def district(self) -> Located[DistrictFile]:
        """The district file."""
        return self._file(DistrictFile)

    @cached_property
    def ladder(self) -> Located[LadderFile]:
        """The ladder file."""
        return self._file(LadderFile)

    @cached_property
    def hazards(self) -> tuple[Located[HazardEntry], ...]:
        """Every hazard."""
        return self._entries(HazardFile, "hazards")

    @cached_property
    def sources(self) -> tuple[Located[SourceEntry], ...]:
        """How issuers without our colours grade."""
        return self._entries(HazardFile, "sources")

    @cached_property
    def units(self) -> tuple[Located[Unit], ...]:
        """Every unit."""
        return self._entries(UnitFile, "units")

    @cached_property
    def posts(self) -> tuple[Located[Post], ...]:
        """Every post."""
        return self._entries(PostFile, "posts")

    @cached_property
    def approvals(self) -> tuple[Located[ApprovalRule], ...]:
        """Every approval rule."""
        return self._entries(ApprovalFile, "approvals")

    @cached_property
    def standing(self) -> tuple[Located[Authorisation], ...]:
        """Every standing authorisation."""
        return self._entries(ApprovalFile, "standing")

    @cached_property
    def limits(self) -> Located[Limits]:
        """What goes out without a second look."""
        file = self._file(ApprovalFile)
        return Located(file.value.limits, file.sheet, ("limits",))

    @cached_property
    def measure_files(self) -> tuple[Located[MeasureFile], ...]:
        """The files of 一行业一措施."""
        return tuple(Located(value, parsed.sheet) for parsed, value in self._of(MeasureFile))

    @cached_property
    def plans(self) -> tuple[Located[Plan], ...]:
        """The files of 一乡镇一方案."""
        return tuple(Located(value, parsed.sheet) for parsed, value in self._of(Plan))

    @cached_property
    def triggers(self) -> Located[Triggers] | None:
        """The file of thresholds, where the book has one."""
        return next((Located(value, parsed.sheet) for parsed, value in self._of(Triggers)), None)

    @cached_property
    def trigger_list(self) -> tuple[Located[Trigger], ...]:
        """Every trigger."""
        return self._entries(Triggers, "triggers")

    @cached_property
    def stations(self) -> tuple[Located[Station], ...]:
        """Every station."""
        return self._entries(Triggers, "stations")

    @cached_property
    def cases(self) -> tuple[Located[Case], ...]:
        """Every case."""
        return self._entries(CaseFile, "cases")

    @cached_property
    def measures(self) -> tuple[Owned, ...]:
        """Every measure, of sectors, kinds and plans."""
        return tuple(self._owned())

    @cached_property
    def silent(self) -> tuple[tuple[str, Located[Silent]], ...]:
        """Every decision to be silent, with its owner."""
        files = self._of(MeasureFile)
        return tuple((owner(file), entry) for parsed, file in files for entry in parsed.entries("none"))

    @cached_property
    def unit_by_code(self) -> Mapping[str, Unit]:
        """The units; of two with one code the first."""
        return {unit.value.code: unit.value for unit in reversed(self.units)}

    @cached_property
    def measure_by_id(self) -> Mapping[str, Owned]:
        """The measures; of two with one id the first."""
        return {measure.value.id: measure for measure in reversed(self.measures)}

    def levels(self, hazard: str) -> tuple[Level, ...]:
        """The levels at which a hazard is issued: those of its criteria, all where there are none."""
        found = next((one.value.criteria for one in self.hazards if one.value.key == hazard), None)
        return tuple(found or Level)

    def of_kind(self, *kinds: UnitKind) -> tuple[Unit, ...]:
        """The units of some kinds."""
        return tuple(unit.value for unit in self.units if unit.value.kind in kinds)

    def bearers(self, owner: str) -> tuple[Unit, ...]:
        """The units that an owner's measures bind."""
        unit = self.unit_by_code.get(owner)
        return (unit,) if unit else tuple(u.value for u in self.units if u.value.kind == owner)

    def _owned(self) -> Iterator[Owned]:
        for parsed, file in self._of(MeasureFile):
            yield from (Owned(entry, owner(file)) for entry in parsed.entries("measures"))
        for parsed, plan in self._of(Plan):
            yield from (Owned(entry, plan.township) for entry in parsed.entries("measures"))

    def _of(self, shape: type[F]) -> Iterable[tuple[Parsed, F]]:
        return [(parsed, parsed.value) for parsed in self.files if isinstance(parsed.value, shape)]

    def _file(self, shape: type[F]) -> Located[F]:
        parsed, value = next(iter(self._of(shape)))
        return Located(value, parsed.sheet)

    def _entries(self, shape: type[Any], key: str) -> tuple[Located[Any], ...]:
        return tuple(entry for parsed, _ in self._of(shape) for entry in parsed.entries(key))


def owner(file: MeasureFile) -> str:
    """Whom a measure file binds; empty where it names neither or both."""
    named = [name for name in (file.sector, file.kind) if name]
    return str(named[0]) if len(named) == 1 else ""
