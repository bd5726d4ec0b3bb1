"""Cases with conclusions go through the engine's own fold; what they name must exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from warnengine.match.desired import desired
from warnengine.rulebook import check, run_cases
from warnengine.situation.fold import standing

FILE = "cases/consultations.yaml"


def changed(copy: Path, old: str, new: str) -> None:
    file = copy / FILE
    words = file.read_text(encoding="utf-8")
    assert old in words
    file.write_text(words.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ("verb: raise, hazard: rainstorm, level: orange", "verb: raise, hazard: rainstorm, level: blue", "没有预警信号,会商升级为橙色"),
        ("verb: lower, hazard: rainstorm, level: yellow", "verb: lower, hazard: rainstorm, level: red", "会商高楼降为黄色"),
        ("verb: lower, hazard: rainstorm, level: none", "verb: lower, hazard: rainstorm, level: blue", "会商高楼不按预警执行"),
        ("verb: lower, hazard: rainstorm, level: none", "verb: lower, hazard: gale, level: none", "会商高楼不按预警执行"),
    ],
    ids=["raised less", "lowered to what stands", "lowered less", "another danger"],
)  # fmt: skip
def test_a_promise_that_hangs_on_a_conclusion_breaks_with_it(copy: Path, old: str, new: str, broken: str) -> None:
    changed(copy, old, new)
    found = [str(one) for one in run_cases(copy, desired, standing)]
    assert found
    assert all(broken in one for one in found)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("towns: [高楼镇]", "towns: [渝北镇]", "没有镇街“渝北镇”"),
        ("verb: lower, hazard: rainstorm", "verb: lower, hazard: rain", "没有灾种“rain”"),
        ("verb: lower", "verb: cancel", "verb"),
        ("level: none", "level: purple", "level"),
    ],
    ids=["an unknown township", "an unknown hazard", "another verb", "no level"],
)
def test_what_a_conclusion_names_must_exist(copy: Path, old: str, new: str, words: str) -> None:
    changed(copy, old, new)
    assert any(words in str(one) and "consultations.yaml" in str(one) for one in check(copy))
