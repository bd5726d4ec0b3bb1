"""The rule books of one process: the one in force, and older ones that something still needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from warnengine import rulebook
from warnengine.app.guards import refuse_samples
from warnengine.model.book import RuleBook
from warnengine.model.errors import RuleBookError
from warnengine.model.finding import Severity
from warnengine.model.publication import INSTALLATION
from warnengine.settings import Settings
from warnengine.store.books import BookStore
from warnengine.store.database import Database
from warnengine.store.orders import OrderStore

log = structlog.get_logger()
FIRST = "首次启动,采用安装目录的规则"
REHEARSED = "演练采用其目录的规则"
PUBLISH = (
    "to bring it into force: `warnengine rules publish {} --by NAME --why WORDS`, then somebody else approves"
)


@dataclass
class Library:
    """Books by their hash, each read once."""

    store: BookStore
    read: dict[str, RuleBook] = field(default_factory=dict)

    async def book(self, hash_: str) -> RuleBook:
        """A published book; RuleBookError where this version cannot read it, or it was never kept."""
        if hash_ not in self.read:
            files = await self.store.files(hash_)
            if files is None:
                raise RuleBookError(
                    f"there is no published rule book {hash_[:12]}: `warnengine rules versions` lists them"
                )
            self.read[hash_] = rulebook.restored(files, hash_)
        return self.read[hash_]

    async def in_force(self, district: str) -> RuleBook | None:
        """The book that counts; None where none does yet."""
        hash_ = await self.store.in_force(district)
        return await self.book(hash_) if hash_ else None


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies in the folder of the settings: a book, or why it is none."""

    book: RuleBook | None
    files: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[str, ...] = ()
    """What of it is invented."""
    problem: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Folder:
        """Read it; a folder that does not pass matters only where nothing is in force."""
        try:
            files = rulebook.whole(settings.rules)
        except RuleBookError as error:
            return cls(None, problem=str(error))
        book, draft, findings = rulebook.judged(files, settings.rules.as_posix())
        if book is None or draft is None:
            weighty = [str(one) for one in findings if one.severity is not Severity.NOTE]
            return cls(None, problem="\n".join(weighty))
        return cls(book, files, rulebook.unproven(draft)[0])

    def only(self, settings: Settings) -> RuleBook | None:
        """The folder's book where there is no database yet that could have another in force; None where there is
        one. RuleBookError where the folder has none either: then nothing is begun."""
        if settings.database or (settings.server / "postgres").exists():
            return None
        if self.book is None:
            raise RuleBookError(self.problem)
        return self.book


async def counting(database: Database, folder: Folder, *, mending: bool = False) -> RuleBook:
    """The book that every command works with: the one in force, else the folder's; RuleBookError for neither.

    mending: also where this version cannot read the one in force, so that a better one can be published."""
    books, own = BookStore(database), folder.book
    districts = [own.district.code] if own else await books.districts()
    library = Library(books, {own.hash: own} if own else {})
    try:
        found = await library.in_force(districts[0]) if len(districts) == 1 else None
    except RuleBookError:
        if not (mending and own):
            raise
        found = None
    if found is None and own is None:
        raise RuleBookError(folder.problem)
    return found or own  # type: ignore[return-value]  # one of them is there


async def samples(database: Database, folder: Folder, book: RuleBook) -> tuple[str, ...]:
    """What of the book that counts is invented."""
    files = await BookStore(database).files(book.hash)
    draft = rulebook.judged(files)[1] if files else None
    return rulebook.unproven(draft)[0] if draft else folder.samples


async def settle(settings: Settings, database: Database, folder: Folder) -> RuleBook:
    """The book to start with. The first start of an installation puts that of its folder in force, and a drill
    every start: there next year's rules are tried. Everywhere else another folder is told, and not used."""
    if folder.book:
        await _take(settings, database, folder, folder.book)
    book = await counting(database, folder)
    if told := differing(settings, folder, book):
        log.warning("rule book", in_force=book.hash[:12], problem=told)
    return book


def differing(settings: Settings, folder: Folder, book: RuleBook) -> str:
    """Why the folder is not what is in force, and what to do; empty where it is."""
    if folder.book is None:
        first = folder.problem.partition("\n")[0]
        return f"the folder {settings.rules} does not pass and is not used: {first}"
    if folder.book.hash == book.hash:
        return ""
    other = f"the folder {settings.rules} holds {folder.book.hash[:12]}, which is not in force and not used"
    return f"{other}; {PUBLISH.format(settings.rules)}"


async def _take(settings: Settings, database: Database, folder: Folder, book: RuleBook) -> None:
    code, books = book.district.code, BookStore(database)
    if not await books.in_force(code):
        refuse_samples(settings, book.hash, folder.samples)
    await OrderStore(database).publish(code, book.district.name, book.hash, dict(folder.files))
    async with books.desk(code) as desk:
        before = await desk.in_force()
        rehearsed = settings.installation == "drill" and before != book.hash
        if before and not rehearsed:
            return
        known = settings.installation == "live" and folder.samples
        first = f"{FIRST};启动人确认带着{len(folder.samples)}处样例" if known else FIRST
        await desk.install(book.hash, REHEARSED if before else first)
    log.info("rule book", in_force=book.hash[:12], by=INSTALLATION)
    if known:
        problem = (
            f"{len(folder.samples)} entries are invented (sample: true), first {folder.samples[0]}, and were "
            "accepted for this start: put the bureau's own in their place and publish"
        )
        log.error("rule book", in_force=book.hash[:12], problem=problem)
