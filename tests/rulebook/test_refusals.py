"""Whatever pydantic and the YAML parser refuse, a clerk reads it in Chinese."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic_core import ErrorDetails
from pydantic_core._pydantic_core import list_all_errors
from typer.testing import CliRunner

from warnengine.cli import cli
from warnengine.rulebook.refusals import KINDS, UNLIKE, refused, unreadable
from warnengine.rulebook.sheet import read

CHINESE = re.compile("[一-鿿]")
ERRORS: list[Any] = list_all_errors()


@pytest.mark.parametrize("error", ERRORS, ids=[error["type"] for error in ERRORS])
def test_every_error_of_pydantic_has_words(error: dict[str, Any]) -> None:
    context = {"error": "写钟点,例如 22:00", "expected": "'甲' or '乙'"} | (error["example_context"] or {})
    if error["type"] == "value_error":
        context["error"] = "写钟点,例如 22:00"
    if error["type"] in {"enum", "literal_error"}:
        context["expected"] = "'count', 'photo' or 'report'"
    problem = {"type": error["type"], "loc": ("measures", 0, "deadline"), "input": "x", "ctx": context, "msg": ""}
    what, fix = refused(cast(ErrorDetails, problem), "deadline", ["deadline"])
    assert CHINESE.search(what)
    assert CHINESE.search(fix)
    assert error["message_template_python"] not in what + fix


def test_the_errors_of_our_own_types_are_said_in_particular() -> None:
    known = {error["type"] for error in ERRORS}
    assert KINDS.keys() <= known
    assert UNLIKE not in KINDS.values()


@pytest.mark.parametrize(
    "raw",
    [
        "a: b: c", "a: [1", "a: {1", "a:\n\tb: c", "a: 'x", "- a\nb: c", "a: @x", 'a: "\\q"', "a: b\n  c: d",
        "a:\n  - b\n c: d", "a: &", "x\ny: z", "a: ]", "%x", "a: 'b' c", "a: \x07", "a: b\n- c", "a: |x\n b", "a: !<x",
    ],
)  # fmt: skip
def test_what_libyaml_says_is_said_in_chinese(raw: str) -> None:
    sheet, (finding,) = read("rules/any.yaml", raw.encode())
    assert sheet is None
    assert finding.what.startswith("不是正确的 YAML: ")
    assert (finding.what, finding.fix) != unreadable("something new")


def test_the_summary_is_chinese_too(shipped: Path) -> None:
    checked = CliRunner().invoke(cli, ["rules", "check", str(shipped)])
    assert re.fullmatch(rf"{shipped}: 0 个错误, \d+ 个警告, \d+ 条待确认", checked.stdout.splitlines()[-1])
    tried = CliRunner().invoke(cli, ["rules", "test", str(shipped)])
    assert re.fullmatch(rf"{shipped}: \d+ 个用例文件, 0 处不符", tried.stdout.splitlines()[-1])
