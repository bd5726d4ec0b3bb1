"""The audit chain: whoever edits, removes or swaps a row is found by its number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import run
from warnengine.audit.chain import Finding, Link, verify


def sealed(*rows: str) -> list[Link]:
    """A chain as the database writes it."""
    links: list[Link] = []
    for seq, row in enumerate(rows, 1):
        before = links[-1].hash if links else b""
        links.append(Link(seq, row, hashlib.sha256(before + row.encode()).digest()))
    return links


def walk(links: Sequence[Link], anchors: Mapping[int, str] | None = None) -> Finding:
    async def rows() -> AsyncIterator[Link]:
        for link in links:
            yield link

    return run(verify(rows(), anchors or {}))


ROWS = ("orders 安居镇", "approved", "orders 少云镇", "lapsed", "book")


def test_a_whole_chain_holds() -> None:
    links = sealed(*ROWS)
    assert walk(links) == Finding(5, links[-1].hash.hex(), None)


def test_an_empty_chain_holds() -> None:
    assert walk([]) == Finding(0, "", None)


@pytest.mark.parametrize("seq", range(1, 6))
def test_an_edited_row_is_named(seq: int) -> None:
    links = sealed(*ROWS)
    links[seq - 1] = replace(links[seq - 1], sealed="nothing happened")
    good = links[seq - 2].hash.hex() if seq > 1 else ""
    assert walk(links) == Finding(seq - 1, good, seq)


def test_a_row_edited_with_its_hash_is_named_by_the_next() -> None:
    links = sealed(*ROWS)
    links[1] = Link(2, "refused", hashlib.sha256(links[0].hash + b"refused").digest())
    assert walk(links).broken == 3


@pytest.mark.parametrize("seq", range(1, 5))
def test_a_removed_row_is_named_by_the_next(seq: int) -> None:
    links = sealed(*ROWS)
    del links[seq - 1]
    assert walk(links).broken == seq + 1


def test_swapped_rows_are_named() -> None:
    links = sealed(*ROWS)
    links[1], links[2] = links[2], links[1]
    assert walk(links).broken == 3
    renumbered = [replace(link, seq=seq) for seq, link in enumerate(links, 1)]
    assert walk(renumbered).broken == 2


def test_a_cut_tail_shows_only_in_the_head() -> None:
    links = sealed(*ROWS)
    cut = walk(links[:-1])
    assert cut.broken is None
    assert cut.head != walk(links).head


@given(st.lists(st.text(max_size=9), min_size=1, max_size=6), st.data())
def test_any_edit_is_found(rows: list[str], data: st.DataObject) -> None:
    links = sealed(*rows)
    place = data.draw(st.integers(0, len(rows) - 1))
    other = data.draw(st.text(max_size=9).filter(lambda text: text != rows[place]))
    links[place] = replace(links[place], sealed=other)
    assert walk(links).broken == place + 1


CUT = 3
"""The last row that went."""


def cut_chain(*, said: bool = True, seq: int = CUT) -> list[Link]:
    """A chain of which three rows went, as a row says; and the link that stands for them."""
    rows = [f"{n}|0.5|orders|{{}}" for n in range(1, 6)]
    gone = sealed(*rows)[CUT - 1]
    named = json.dumps({"cut": {"seq": seq, "hash": gone.hash.hex()}})
    links = sealed(*rows, f"6|0.5|{'retention' if said else 'orders'}|{named}", "7|0.5|book|{}")
    return [Link(CUT, None, gone.hash), *links[CUT:]]


def test_what_is_left_of_a_cut_chain_holds() -> None:
    links = cut_chain()
    assert walk(links) == Finding(7, links[-1].hash.hex(), None)


CUTS = {
    "nobody has said so": (cut_chain(said=False), CUT),
    "another cut was said": (cut_chain(seq=2), CUT),
    "the hash is another": ([Link(CUT, None, b"x" * 32), *cut_chain()[1:]], CUT + 1),
    "a row more is missing": ([cut_chain()[0], *cut_chain()[2:]], CUT + 2),
    "the cut itself is missing": (cut_chain()[1:], CUT + 1),
}


@pytest.mark.parametrize(("links", "broken"), CUTS.values(), ids=CUTS)
def test_a_cut_that_is_not_as_the_chain_says_is_named(links: list[Link], broken: int) -> None:
    assert walk(links).broken == broken


def test_a_cut_that_was_written_down_otherwise_elsewhere_is_named() -> None:
    links = cut_chain()
    assert walk(links, {CUT: "00" * 32}).broken == CUT
    assert walk(links, {CUT: links[0].hash.hex(), 1: "00" * 32}).broken is None


def test_a_chain_may_be_cut_while_it_is_read() -> None:
    rows = [f"{n}|0.5|orders|{{}}" for n in range(1, 3)]
    assert walk([*sealed(*rows), *cut_chain()]).broken is None
