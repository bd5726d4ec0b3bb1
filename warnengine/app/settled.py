"""What is settled before an engine exists: its key, its name, the files of its book."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from pathlib import Path

from warnengine import rulebook
from warnengine.settings import Settings


def link_key(settings: Settings) -> bytes:
    """The key of official's links: from the settings, else made once in the data folder, for its owner only."""
    if settings.link_key:
        return settings.link_key.get_secret_value().encode()
    file = settings.data / "link.key"
    file.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as made:
            made.write(secrets.token_bytes(32))
    return file.read_bytes()


def owner_name() -> str:
    """A name that no other process has or will have."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def book_files(folder: Path) -> dict[str, str]:
    """The files of a rule book as text, by path."""
    return rulebook.whole(folder)
