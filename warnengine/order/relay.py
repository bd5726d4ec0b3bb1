"""A danger that only the duty room was told of, and for which there are orders now: taken over, not over. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from warnengine.model.book import RELAY
from warnengine.model.order import Form, Kind, Mark, MeasureMark, OrderKey, Standing, Version

TAKEN_OVER = Standing("duty_room.taken_over", Form.ORDER)
"""The mark whose words the duty room reads instead of an all-clear."""
WORDS = "险情没有解除,已按规则向{}个单位下达指令,原来的研判到此为止"


def taken_over(version: Version, wanted: Collection[OrderKey]) -> Version:
    """A version as it is told. wanted: every order that should stand now."""
    change = version.change
    only = {mark.standing.measure for mark in version.measures} == {RELAY.id}
    units = sum(key[1:] == change.key[1:] for key in wanted)
    if change.kind is not Kind.LAPSE or not only or not units:
        return version
    mark = MeasureMark(TAKEN_OVER, Mark.LAPSED, None, WORDS.format(units))
    return replace(version, measures=(*version.measures, mark))


def judged(mark: MeasureMark, version: Version) -> bool:
    """Whether a mark tells only that the duty room need not judge any more what it has an order for now."""
    return mark.standing.measure == RELAY.id and version.change.level is not None


def instead(version: Version) -> str:
    """What a version says instead of an all-clear; empty where it is one, or none at all."""
    return next((mark.words for mark in version.measures if mark.standing == TAKEN_OVER), "")
