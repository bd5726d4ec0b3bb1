"""What every command does alike: read the settings, open the store, end in one sentence."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from warnengine import app as application
from warnengine.app.library import Folder, counting
from warnengine.settings import Settings

Result = TypeVar("Result")
Files = Annotated[list[Path], typer.Argument(help="Files of any known format; - is standard input.")]


def settings() -> Settings:
    """The settings; a variable that means nothing is a mistake, not something to pass over."""
    file = os.environ.get("WARNENGINE_CONFIG")
    if file and not Path(file).is_file():
        fail(f"there is no settings file {file}: correct WARNENGINE_CONFIG or take it away", code=2)
    known = {"CONFIG", *(name.upper() for name in Settings.model_fields)}
    given = {name.upper() for name in os.environ if name.upper().startswith("WARNENGINE_")}
    strange = sorted(name for name in given if name.removeprefix("WARNENGINE_").partition("__")[0] not in known)
    if strange:
        fail(f"{', '.join(strange)}: there is no such setting; there are {', '.join(sorted(known))}", code=2)
    read = Settings()
    if read.installation == "drill":
        fail("WARNENGINE_INSTALLATION is never drill: start a drill with `warnengine drill serve`", code=2)
    return read


@asynccontextmanager
async def idle_engine(settings: Settings, *, mending: bool = False) -> AsyncIterator[application.Engine]:
    """An engine without a role: it does what it is asked, and nothing by itself. Its book is the one in force, and
    only where none is yet that of the folder. mending: also where this version cannot read it."""
    folder = Folder.of(settings)
    folder.only(settings)
    async with application.opened(settings) as database:
        yield application.Engine(
            settings, await counting(database, folder, mending=mending), database, frozenset()
        )


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run it to its end."""
    return asyncio.run(work)


def content(file: Path) -> bytes:
    """What a file holds; - is standard input."""
    return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what is wrong, on standard error, and end."""
    print(f"warnengine: {message}", file=sys.stderr)
    sys.exit(code)
