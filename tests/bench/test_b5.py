"""The books that B5 compares differ in what is not hit, and in nothing else."""

from __future__ import annotations

from tests.bench import b5
from tests.core.district import BOOK
from warnengine.match.desired import desired
from warnengine.model.level import Level


async def test_larger_books_have_the_same_hits() -> None:
    small, large = b5.grown(BOOK, 300, b5.HIT), b5.grown(BOOK, 3_000, 200)
    assert len(large.district.townships) == 200
    for level in Level:
        found = [desired(b5.rained(book, "rainstorm", level), book, b5.NOBODY) for book in (small, large)]
        assert found[0] == found[1]
        assert len(found[0]) == b5.HIT + b5.SECTORS
    assert (await b5.change(large, "rainstorm"))["changes"] == b5.HIT + b5.SECTORS
