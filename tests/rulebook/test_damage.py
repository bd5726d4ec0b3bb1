"""Whatever happens to a file, the answer is a book or a list of findings, never another exception."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warnengine.model.errors import RuleBookError
from warnengine.model.finding import Severity
from warnengine.rulebook import check, load
from warnengine.rulebook.sheet import read

RULES = Path(__file__).parents[2] / "rules"
FILES = sorted(path.relative_to(RULES).as_posix() for path in RULES.rglob("*.yaml"))
CHINESE = re.compile("[一-鿿]")
PIECES = st.sampled_from(
    ["", "- x", "  key: value", "when: {}", "]", "measures:", '"', "&a *a", "level: red", "- {}"]
)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(RULES, tmp_path_factory.mktemp("book") / "rules"))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    file=st.sampled_from(FILES), where=st.integers(0, 200), piece=PIECES | st.text(max_size=20), keep=st.booleans()
)
def test_a_line_deleted_changed_or_added(damaged: Path, file: str, where: int, piece: str, keep: bool) -> None:
    path = damaged / file
    whole = path.read_bytes()
    lines = whole.decode().splitlines()
    at = where % len(lines)
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines[at : at + (not keep)] = [indent + piece]
    try:
        path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
        found = check(damaged)
        assert all(CHINESE.search(one.what) and CHINESE.search(one.fix) for one in found)
        refused = any(one.severity is Severity.ERROR for one in found)
        if refused:
            with pytest.raises(RuleBookError):
                load(damaged)
        else:
            load(damaged)
    finally:
        path.write_bytes(whole)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_sheet_or_a_finding(raw: bytes) -> None:
    sheet, findings = read("rules/any.yaml", raw)
    assert sheet or findings


@pytest.mark.parametrize("raw", [b"a: " + b"[" * 100_000, b"a: " + b"{a: " * 100_000], ids=["lists", "maps"])
def test_deep_nesting_is_refused_and_does_not_exhaust_the_stack(raw: bytes) -> None:
    sheet, (finding,) = read("rules/any.yaml", raw)
    assert sheet is None
    assert finding.what == "嵌套太深"
