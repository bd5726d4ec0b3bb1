"""Verification of the chain, computed again outside the database, and what differs from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Link:
    """One row: `sealed` is the text that its hash covers, after the hash of the row before.

    None: not a row but a cut. What came up to `seq` was past its term and is gone; the chain goes on from
    `hash`."""

    seq: int
    sealed: str | None
    hash: bytes


Cut = tuple[int, str]
"""The last row that went, and its hash in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How far the chain holds."""

    rows: int
    head: str
    """Hash of the last good row; to be kept where nobody can change it, for a cut tail shows only there."""
    broken: int | None
    """The first row that does not follow from the one before; None: all do."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something of which a table says something else than the chain."""

    what: str
    """text, answer, sent (bundles, attempts and events of a window), decision, item (of an approval)."""
    id: str
    row: int | None
    """Of the chain; None: it was never sealed."""
    sealed: Any
    found: Any

    def __str__(self) -> str:
        where = f"row {self.row} of the chain" if self.row else "the chain"
        match self.what:
            case "decision":
                return (
                    f"approval {self.id}: {where} has the decision {self.sealed or 'none'}, the table "
                    f"{self.found or 'none'}: it is not carried out; ask who decided"
                )
            case "item":
                return f"approval {self.id}: {self.found} was not part of what {where} has as decided"
            case "sent":
                return (
                    f"deliveries: {where} has {_sent(self.sealed)}, the tables {_sent(self.found)}, in the month "
                    f"{self.id.partition('/')[2]}: attempts, events or bundles were changed, removed or added"
                )
        if self.sealed is None:
            return f"{self.what} {self.id}: stands in the table and not in the chain: somebody has added it"
        how = "is no longer in the table" if self.found is None else "was changed since"
        return f"{self.what} {self.id}: sealed in {where}, it {how}"


def _sent(digest: Any) -> str:
    if digest is None:
        return "nothing"
    counts = ", ".join(f"{digest[key]} {key}" for key in ("bundles", "attempts", "events"))
    return f"{counts} ({digest['sha256'][:8]})"


async def verify(links: AsyncIterator[Link], anchors: Mapping[int, str]) -> Finding:
    """Walk the chain from its first row, or from where it was cut: that must stand in the chain itself.

    anchors: hashes by row that were written down elsewhere."""
    rows, head = 0, b""
    cuts: set[Cut] = set()
    named: set[Cut] = set()
    async for link in links:
        if anchors.get(link.seq, link.hash.hex()) != link.hash.hex():
            return Finding(rows, head.hex(), link.seq)
        if link.sealed is None:
            cuts.add((link.seq, link.hash.hex()))
        elif link.seq == rows + 1 and hashlib.sha256(head + link.sealed.encode()).digest() == link.hash:
            named |= _named(link.sealed)
        else:
            return Finding(rows, head.hex(), link.seq)
        rows, head = link.seq, link.hash
    if cuts - named:
        return Finding(rows, head.hex(), max(cuts - named)[0])
    return Finding(rows, head.hex(), rows + 1 if max(anchors, default=0) > rows else None)


def _named(sealed: str) -> set[Cut]:
    """The cut that a row says was made: seq|seconds|kind|body."""
    match sealed.split("|", 3):
        case [_, _, "retention", body]:
            cut = json.loads(body)["cut"]
            return {(cut["seq"], cut["hash"])}
        case _:
            return set()
