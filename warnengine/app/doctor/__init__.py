"""Is this installation fit to be trusted tonight? Works with the engine up or down."""

from __future__ import annotations

from collections.abc import AsyncIterator

from warnengine import __version__
from warnengine.app.doctor import files, outside, people, stored
from warnengine.app.engine import Engine
from warnengine.app.serve import opened
from warnengine.health.check import Check
from warnengine.model.errors import StartRefused, WarnEngineError
from warnengine.rulebook import load
from warnengine.settings import Settings
from warnengine.store.database import DATABASE_ERRORS, told

__all__ = ["examine"]


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """Every check, in the order of the flow: files, store, people, the world outside."""
    yield Check("version", "", True, f"warnengine {__version__}")
    for check in files.examine(settings):
        yield check
    try:
        book = load(settings.rules)
    except WarnEngineError:
        return  # the files have said why; without a book nothing else can be judged
    try:
        async with opened(settings) as database:
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
