"""What is wrong with a field of a request is said in Chinese, with the field and how to write it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from warnengine.api import consultations, control, faults, routes
from warnengine.app.minutes import Minute

BODIES: tuple[type[BaseModel], ...] = (
    consultations.Concluded,
    consultations.Minutes,
    consultations.Yes,
    control.Stop,
    control.Wanted,
    control.Confirmed,
    control.Withdrawal,
    control.Telephoned,
    routes.Decision,
    routes.Closing,
    routes.Verified,
    routes.Caller,
    routes.Jump,
    Minute,
)
GOOD = {"verb": "raise", "hazard": "暴雨", "until": "2026-07-27T09:00:00+08:00"}
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["x" * 700, "2026"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def found(body: type[BaseModel], given_: Any) -> list[dict[str, Any]]:
    """What is wrong with it."""
    try:
        body.model_validate(given_)
    except ValidationError as error:
        return [dict(one) for one in error.errors()]
    return []


def said(body: type[BaseModel], given_: Any) -> str:
    """The same in words."""
    return faults.sentences(found(body, given_))


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        (GOOD, ""),
        ({**GOOD, "until": None}, "until(止期)不是时间,写成 2026-07-27T09:00:00+08:00"),
        ({**GOOD, "until": "2026-07-27T09:00"}, "until(止期)没有写时区,写成 2026-07-27T09:00:00+08:00"),
        ({**GOOD, "towns": "安居镇"}, 'towns(镇街)要写成列表,如 ["安居镇", "少云镇"]'),
        ({**GOOD, "towns": ["安居镇", 7]}, 'towns(镇街)第2个要写文字,如 ["安居镇", "少云镇"]'),
        ({**GOOD, "levle": "red"}, "levle 没有这一项,请去掉,或者核对拼写"),
        ({"hazard": "暴雨"}, f"verb(结论)没有写,{faults.FIELDS['verb'][1]};until(止期)没有写,{faults.MOMENT}"),
        ([], "请求内容不是 JSON 对象"),
    ],
)
def test_a_field_is_refused_with_its_name_and_how_to_write_it(given_: Any, says: str) -> None:
    assert said(consultations.Concluded, given_) == says


@given(st.sampled_from(BODIES), st.data())
def test_whatever_comes_in_is_refused_in_chinese(body: type[BaseModel], data: st.DataObject) -> None:
    fields = st.sampled_from([*body.model_fields, "x"])
    given_ = data.draw(st.dictionaries(fields, VALUES, max_size=4) | VALUES)
    kinds = {one["type"] for one in found(body, given_)}
    assert kinds <= faults.WHAT.keys()
    assert bool(kinds) == bool(said(body, given_))


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_every_field_has_a_name_that_people_use(body: type[BaseModel]) -> None:
    unnamed = {"target", "measure", "corrects", "comment"}
    assert set(body.model_fields) - unnamed <= faults.FIELDS.keys()
