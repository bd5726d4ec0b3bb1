"""The first line of every text of the night, as it is sent: marked as a reminder or as sent again, or not."""

from __future__ import annotations

import pytest

from tests.core.district import BOOK, NIGHT, TEXTS, Hall
from warnengine.model.delivery import Purpose
from warnengine.model.order import Version
from warnengine.order.compose import FIRST_LINE, compose
from warnengine.order.texts import fill
from warnengine.order.wording import Wording, standing_alone

WORDING = Wording(BOOK, b"key", "https://yj.tongliang.example.cn")


@pytest.fixture(scope="module")
def versions() -> list[Version]:
    """Every version of the night, and its all-clears."""
    hall = Hall()
    return [version for message in NIGHT for version in hall.take(message, now=message.sent).values()]


@pytest.mark.parametrize("kind", [None, "escalation"], ids=["order", "escalation"])
@pytest.mark.parametrize("purpose", Purpose)
def test_it_stays_within_one_segment_with_every_marker(
    versions: list[Version], purpose: Purpose, kind: str | None
) -> None:
    slots = WORDING.slots(1, "欧阳建国", ["500151105/secretary"], purpose)
    filled = {fill(compose([version], BOOK, TEXTS, kind).short, slots) for version in versions}
    shown = {text: standing_alone(text) for text in filled}
    assert {first for text in shown.values() if len(first := text.split("\n")[0]) > FIRST_LINE} == set()
    assert {text: sent for text, sent in shown.items() if sent.replace("\n", "") != text.replace("\n", "")} == {}
    if purpose is Purpose.FIRST:
        assert all(text == sent for text, sent in shown.items())


def test_the_number_to_call_goes_to_the_second_line(versions: list[Version]) -> None:
    lapse = next(v for v in versions if v.change.level is None and v.change.key.unit == "tourism")
    text = fill(compose([lapse], BOOK, TEXTS).short, WORDING.slots(1, "", (), Purpose.REMINDER))
    assert len(text) > FIRST_LINE
    first, second = standing_alone(text).split("\n")
    assert first.startswith("【铜梁应急】再次提醒:解除暴雨")
    assert first.endswith("收到回1。")
    assert second == f"核实{BOOK.duty_phone}"


def test_a_line_without_a_sentence_that_fits_is_left_as_it_is() -> None:
    assert standing_alone("词" * 80) == "词" * 80
