"""Every word by which a message is refused or doubted has its Chinese sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import warnengine
from warnengine.ingest.formats.conformance import FEED, RULES
from warnengine.model.reasons import CHINESE

CODE = Path(warnengine.__file__).parent


def words(raised: set[str]) -> Iterator[tuple[str, str]]:
    """First arguments of these calls in the code, with the file."""
    for file in sorted(CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in raised
            first = node.args[0] if named and node.args else None  # type: ignore[attr-defined]
            if isinstance(first, ast.Constant) and re.fullmatch(r"[a-z_]+", str(first.value)):
                yield first.value, file.name


def test_every_word_has_a_sentence() -> None:
    said = dict(words({"RefusedWarning", "Problem"})) | {rule.word: "conformance" for rule in (*RULES, *FEED)}
    assert {word: file for word, file in said.items() if word not in CHINESE} == {}


@pytest.mark.parametrize("word", CHINESE)
def test_a_sentence_is_one_for_a_clerk(word: str) -> None:
    sentence = CHINESE[word]
    assert sentence.endswith("。")
    assert len(sentence) <= 90
    assert not any("a" <= letter <= "z" for letter in sentence.replace("triggers.yaml", "").replace("(scope)", ""))
