"""Verification of the chain, computed again outside the database."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """One row: `sealed` is the text that its hash covers, after the hash of the row before."""

    seq: int
    sealed: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """How far the chain holds."""

    rows: int
    head: str
    """Hash of the last good row; to be kept where nobody can change it, for a cut tail shows only there."""
    broken: int | None
    """The first row that does not follow from the one before; None: all do."""


async def verify(links: AsyncIterator[Link]) -> Finding:
    """Walk the chain from its first row."""
    rows, head = 0, b""
    async for link in links:
        if link.seq != rows + 1 or hashlib.sha256(head + link.sealed.encode()).digest() != link.hash:
            return Finding(rows, head.hex(), link.seq)
        rows, head = link.seq, link.hash
    return Finding(rows, head.hex(), None)
