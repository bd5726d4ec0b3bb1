"""Colours and words of the canary's paths: what is not known is grey, never green."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from warnengine.health.paths import Colour, Proof, dead, light

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("path", "since", "proven", "colour", "words"),
    [
        ("in/http", 60, 0.5, Colour.GREEN, "预警入口 接口:30秒前自检通过"),
        ("out/line", 60, 2, Colour.GREEN, "发送 line:120秒前自检通过"),
        ("out/line", 60, 2.1, Colour.RED, "发送 line:2分钟没有通过自检,请查这一路"),
        ("in/spool", 60, 90, Colour.RED, "预警入口 文件夹:90分钟没有通过自检,请查这一路"),
        ("in/kafka", 1, None, Colour.GREY, "预警入口 Kafka:还没有自检结果"),
        ("out/mail", 30, None, Colour.RED, "发送 mail:30分钟来自检从未通过,请查这一路"),
        ("back/line", 30, None, Colour.RED, "回复 line:30分钟来自检从未通过,请查这一路"),
    ],
)
def test_a_path(path: str, since: float, proven: float | None, colour: Colour, words: str) -> None:
    proof = Proof(path, NOW - since * MINUTE, NOW - proven * MINUTE if proven is not None else None)
    found = light(proof, NOW, MINUTE)
    assert (found.colour, found.words) == (colour, words)


def test_a_reply_that_does_not_come_makes_nobody_sick() -> None:
    """Not every loop-back number answers; it shows on the board, and that is all."""
    proofs = [Proof(path, NOW - 60 * MINUTE, None) for path in ("in/http", "out/line", "back/line")]
    assert set(dead(light(proof, NOW, MINUTE) for proof in proofs)) == {"in/http", "out/line"}
