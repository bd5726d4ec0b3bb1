"""Is this installation fit to be trusted tonight? Works with the engine up or down."""

from __future__ import annotations

from collections.abc import AsyncIterator

from warnengine import __version__
from warnengine.app.doctor import files, outside, people, stored
from warnengine.app.engine import Engine
from warnengine.app.library import Folder, counting, differing
from warnengine.app.serve import opened
from warnengine.health.check import Check
from warnengine.model.book import RuleBook
from warnengine.model.errors import RuleBookError, StartRefused, WarnEngineError
from warnengine.settings import Settings
from warnengine.store.books import BookStore
from warnengine.store.database import DATABASE_ERRORS, Database, told

__all__ = ["examine"]
UNREADABLE = "start the version that published it, or publish a book that this one can read"


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """Every check, in the order of the flow: files, store, people, the world outside."""
    yield Check("version", "", True, f"warnengine {__version__}")
    for check in files.examine(settings):
        yield check
    folder = Folder.of(settings)
    try:
        folder.only(settings)
    except RuleBookError:
        return  # the files have said why; without a book nothing else can be judged
    try:
        async with opened(settings) as database:
            try:
                book = await counting(database, folder)
            except RuleBookError as error:
                if folder.book:  # else the files have said why
                    yield Check("rule book in force", "", False, str(error).partition("\n")[0], UNREADABLE)
                return
            yield await _in_force(settings, database, folder, book)
            try:
                engine = Engine(settings, book, database, frozenset())
            except StartRefused as error:
                yield Check("gateways", "", False, str(error), "correct the settings: serve would refuse to start")
                return
            for part in (stored.examine(engine), people.examine(engine), outside.examine(engine)):
                async for check in part:
                    yield check
    except (WarnEngineError, *DATABASE_ERRORS) as error:
        words = str(error) if isinstance(error, WarnEngineError) else told(error)
        yield Check("database", "", False, words, "nothing behind it could be examined: mend it and ask again")


async def _in_force(settings: Settings, database: Database, folder: Folder, book: RuleBook) -> Check:
    """The book that counts, and whether the folder is another one: it may be a draft, or older than what was
    published from elsewhere."""
    what = "rule book in force"
    if not await BookStore(database).in_force(book.district.code):
        return Check(what, "", None, f"none yet: the first start takes that of {settings.rules}")
    told = differing(settings, folder, book)
    if not told:
        return Check(what, "", True, f"{book.hash[:12]}, as in the folder")
    found, _, do = told.partition("; ")
    return Check(what, "", None, f"{book.hash[:12]}; {found}", do)
