"""Who holds which post from when to when: the list, the rota and the absences laid over each other. Pure.

The store keeps what comes out of it, so that whoever asks who is on duty looks it up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from warnengine.model.clock import BEIJING
from warnengine.model.directory import Absence, Directory, Holding, Shift
from warnengine.model.instead import Because, Instead
from warnengine.model.rota import DAYS, rank, speaks_of

MONTH = timedelta(days=31)
"""How far ahead the rota is known at any time: rotas are made month by month."""
DAY = timedelta(days=1)
BEGINNING = datetime(1970, 1, 1, tzinfo=BEIJING)
"""Before anything that a list can tell of."""
Post = tuple[str, str]
"""(unit, post)"""
Seat = tuple[str | None, str | None]
"""(deputy, superior) of whoever sits there."""


@dataclass(frozen=True, slots=True)
class Stint:
    """Somebody in a post, from a moment to a moment."""

    holding: Holding
    starts: datetime | None
    """None: always."""
    ends: datetime | None
    """No longer; None: until somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A time in which a post is not held as its rota, or its list, would have it."""

    unit: str
    post: str
    starts: datetime
    ends: datetime
    person: str | None = None
    """Who is away, with nobody there for them; None: no shift of the rota."""


def year_known(now: datetime) -> int:
    """The year to whose end the rota is counted, whatever the calendar lists: in December it is the next one."""
    return (now.astimezone(BEIJING) + MONTH).year


def horizon(directory: Directory, now: datetime) -> date:
    """The first day of which the rota says nothing.

    It goes to the end of the last year that the calendar lists, or of the year that is known, or to the last date
    in the rota. Whoever keeps stints makes them anew when another year is known: a rota that nobody has ended goes
    on, by the week alone where the holidays of a year are not listed.
    """
    year = max([year_known(now), *(day.year for day in directory.calendar)])
    dates = (date.fromisoformat(shift.days) for shift in directory.shifts if shift.days not in DAYS)
    return max([date(year + 1, 1, 1), *(day + DAY for day in dates)])


def timetable(directory: Directory, now: datetime) -> list[Stint]:
    """Everybody's time in every post; the rota counts from the day before `now`, which may still be on."""
    plan = Plan.of(directory, now)
    return [stint for post in plan.posts for stint in plan.stints(post)]


def openings(directory: Directory, now: datetime, until: datetime) -> list[Opening]:
    """Where within that time the rota has nobody, or somebody is away and nobody is there for them."""
    plan = Plan.of(directory, now)
    return [opening for post in plan.posts for opening in plan.openings(post, now, until)]


@dataclass(frozen=True)
class Plan:
    """An address list, indexed for questions about moments."""

    directory: Directory
    first: date
    """The first day of which the rota is asked."""
    end: date
    """The first day of which it is not asked any more."""
    listed: Mapping[Post, Sequence[Holding]]
    shifts: Mapping[Post, Sequence[Shift]]
    away: Mapping[str, Sequence[Absence]]
    """By person."""
    days: dict[tuple[Post, date], tuple[tuple[int, Shift], ...]] = field(default_factory=dict)
    """What has been asked already."""

    @classmethod
    def of(cls, directory: Directory, now: datetime) -> Plan:
        """The plan as it is known at that moment."""
        listed: defaultdict[Post, list[Holding]] = defaultdict(list)
        shifts: defaultdict[Post, list[Shift]] = defaultdict(list)
        away: defaultdict[str, list[Absence]] = defaultdict(list)
        for holding in directory.holdings:
            listed[holding.unit, holding.post].append(holding)
        for shift in directory.shifts:
            shifts[shift.unit, shift.post].append(shift)
        for absence in directory.absences:
            away[absence.person].append(absence)
        first = now.astimezone(BEIJING).date() - DAY
        return cls(directory, first, horizon(directory, now), listed, shifts, away)

    @property
    def posts(self) -> tuple[Post, ...]:
        """Every post that the list or the rota names."""
        return tuple(dict.fromkeys((*self.listed, *self.shifts)))

    def held(self, post: Post, at: datetime) -> dict[str, Seat]:
        """Who holds it at that moment. Whoever is away and has nobody is still asked, rather than nobody."""
        found: dict[str, Seat] = {}
        meant = self._meant(post, at)
        # who is there themselves goes before who is there for another
        for holding in sorted(meant, key=lambda one: self._there(one.person, at) != one.person):
            person = self._seat(holding, at)
            deputy, superior = (self._asked(key, person, at) for key in (holding.deputy, holding.superior))
            found.setdefault(person, (deputy, superior))
        return found

    def stints(self, post: Post) -> Iterator[Stint]:
        """The whole time of a post, in pieces in which somebody sits there alike."""
        running: dict[tuple[str, Seat], datetime | None] = {}
        for at in (None, *self._cuts(post)):
            sitting = dict.fromkeys(self.held(post, at or BEGINNING).items())
            for key in [key for key in running if key not in sitting]:
                yield _stint(post, key, running.pop(key), at)
            for key in sitting:
                running.setdefault(key, at)
        for key, starts in running.items():
            yield _stint(post, key, starts, None)

    def openings(self, post: Post, now: datetime, until: datetime) -> Iterator[Opening]:
        """Times within that one in which it is not held as meant, those that meet as one."""
        cuts = [now, *(cut for cut in self._cuts(post) if now < cut < until), until]
        last: dict[str | None, Opening] = {}
        for starts, ends in pairwise(cuts):
            for person in self._lacking(post, starts):
                before = last.get(person)
                if before and before.ends == starts:
                    starts_then = before.starts
                else:
                    starts_then = starts
                    if before:
                        yield before
                last[person] = Opening(*post, starts_then, ends, person)
        yield from last.values()

    def instead(self, post: Post, at: datetime) -> Iterator[Instead]:
        """Whoever is meant and does not hold it themselves, or would not if anybody could be there for them."""
        sits = tuple(self.held(post, at))
        on_shift = {shift.person for shift in self._on_shift(post, at)}
        if not sits:
            yield Instead(*post, Because.NOBODY)
        elif self.shifts.get(post) and not on_shift:
            yield Instead(*post, Because.NO_SHIFT, sits)
        for holding in self.listed.get(post, ()) if on_shift else ():
            if holding.person not in {*on_shift, *sits}:
                yield Instead(*post, Because.OFF_SHIFT, sits, holding.person)
        for holding in self._meant(post, at):
            if absence := self._absence(holding.person, at):
                seat = self._seat(holding, at)
                yield Instead(*post, self._because(holding, seat, at), (seat,), holding.person, absence.ends)

    def _because(self, holding: Holding, seat: str, at: datetime) -> Because:
        if seat == holding.person:
            return Because.STILL
        return Because.STAND_IN if self._there(holding.person, at) else Because.DEPUTY

    def _absence(self, person: str, at: datetime) -> Absence | None:
        return next((one for one in self.away.get(person, ()) if one.starts <= at < one.ends), None)

    def _lacking(self, post: Post, at: datetime) -> Iterator[str | None]:
        if self.shifts.get(post) and not self._on_shift(post, at):
            yield None
        for holding in self._meant(post, at):
            if self._there(holding.person, at) is None and self._seat(holding, at) == holding.person:
                yield holding.person

    def _meant(self, post: Post, at: datetime) -> list[Holding]:
        """Who is to hold it, whether they are there or not: those on shift, else those of the list."""
        listed = self.listed.get(post, [])
        on_shift = self._on_shift(post, at)
        return [_as_listed(shift, listed) for shift in on_shift] if on_shift else list(listed)

    def _on_shift(self, post: Post, at: datetime) -> list[Shift]:
        """The most special of the shifts that run."""
        if not self.shifts.get(post):
            return []
        today = at.astimezone(BEIJING).date()
        running = [
            (place, shift)
            for day in (today, today - DAY)
            for place, shift in self._begun(post, day)
            if _start(day, shift.begins) <= at < _start(day, shift.begins) + shift.lasts
        ]
        most = max((place for place, _ in running), default=0)
        return [shift for place, shift in running if place == most]

    def _begun(self, post: Post, day: date) -> tuple[tuple[int, Shift], ...]:
        """The shifts that begin on a day, each with its rank."""
        if not self.first <= day < self.end:
            return ()
        if (post, day) not in self.days:
            calendar = self.directory.calendar
            self.days[post, day] = tuple(
                (rank(shift.days, day, calendar), shift)
                for shift in self.shifts[post]
                if speaks_of(shift.days, day, calendar)
            )
        return self.days[post, day]

    def _cuts(self, post: Post) -> list[datetime]:
        """Moments at which somebody else may sit there."""
        cuts = {edge for absence in self._absences(post) for edge in (absence.starts, absence.ends)}
        for number in range((self.end - self.first).days if self.shifts.get(post) else 0):
            day = self.first + number * DAY
            for _, shift in self._begun(post, day):
                begins = _start(day, shift.begins)
                cuts |= {begins, begins + shift.lasts}
        return sorted(cuts)

    def _absences(self, post: Post) -> Iterable[Absence]:
        """Those that may change anything about a post."""
        if not self.away:
            return
        named = {shift.person for shift in self.shifts.get(post, ())}
        for holding in self.listed.get(post, ()):
            named |= {key for key in (holding.person, holding.deputy, holding.superior) if key}
        waiting, seen = sorted(named), set(named)
        while waiting:
            for absence in self.away.get(waiting.pop(), ()):
                yield absence
                if absence.stand_in and absence.stand_in not in seen:
                    seen.add(absence.stand_in)
                    waiting.append(absence.stand_in)

    def _there(self, person: str, at: datetime) -> str | None:
        """Who is there for a person: they themselves, or whoever was named; None: nobody was."""
        seen: set[str] = set()
        while person not in seen:
            seen.add(person)
            absence = self._absence(person, at)
            if absence is None:
                return person
            if absence.stand_in is None:
                return None
            person = absence.stand_in
        return None

    def _seat(self, holding: Holding, at: datetime) -> str:
        """Who sits in a post: whoever is meant, else their stand-in, else the deputy, else whoever is meant."""
        deputy = self._there(holding.deputy, at) if holding.deputy else None
        return self._there(holding.person, at) or deputy or holding.person

    def _asked(self, key: str | None, sitting: str, at: datetime) -> str | None:
        """Whom the ladder asks for a deputy or a superior; nobody is asked for themselves."""
        asked = (self._there(key, at) or key) if key else None
        return None if asked == sitting else asked


def _start(day: date, begins: time) -> datetime:
    return datetime.combine(day, begins, BEIJING)


def _as_listed(shift: Shift, listed: Sequence[Holding]) -> Holding:
    """A shift as a line of the list: with the deputy and the superior that the person, or the post, has there."""
    own = next((one for one in listed if one.person == shift.person), None) or next(iter(listed), None)
    deputy, superior = (own.deputy, own.superior) if own else (None, None)
    return Holding(shift.unit, shift.post, shift.person, deputy, superior)


def _stint(post: Post, key: tuple[str, Seat], starts: datetime | None, ends: datetime | None) -> Stint:
    person, (deputy, superior) = key
    return Stint(Holding(*post, person, deputy, superior), starts, ends)
