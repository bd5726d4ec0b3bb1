"""What a reader needs to know to understand a message: places and words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from warnengine.model.hazard import HazardTable
from warnengine.model.place import District, Districts, trim_code


@dataclass(frozen=True, slots=True)
class Reading:
    """Gazetteer and vocabulary. A message from elsewhere is read too; its areas stay as they came."""

    districts: Districts
    hazards: HazardTable

    def canonical(self, code: str) -> str:
        """Cut trailing zero groups and replace an old district code (500224… → 500151…)."""
        for district in self.districts.values():
            code = district.canonical(code)
        return trim_code(code)

    def district_of(self, code: str) -> District | None:
        """The district that a code of 6 or more digits lies in, where we keep it."""
        return self.districts.get(self.canonical(code)[:6])

    def code(self, name: str, beside: Iterable[str] = ()) -> str:
        """The code of a district by any of its names, or of a township of a district whose code stands beside.

        Empty where we keep no such place.
        """
        for district in self.districts.values():
            if name in {district.name, *district.aliases}:
                return district.code
        towns = (town for code in beside if (d := self.district_of(code)) for town in d.townships)
        return next((town.code for town in towns if name in {town.name, *town.aliases}), "")

    def district_named_at_start(self, sender: str) -> District | None:
        """The district whose name a sender begins with: 铜梁区气象台."""
        known = self.districts.values()
        return next((d for d in known if sender.startswith((d.name, *d.aliases))), None)

    def name(self, code: str) -> str | None:
        """The name of a district or township that we keep."""
        district = self.district_of(code)
        if district is None:
            return None
        town = district.township(code[:9])
        named = district if code == district.code else town
        return named.name if named else None
