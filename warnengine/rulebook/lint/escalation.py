"""The 叫应 ladder and the approvals: somebody is always next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from warnengine.model.book import BOUND, Act, ApprovalRule, Rung, Step
from warnengine.model.finding import Finding, did_you_mean
from warnengine.model.level import Level
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.lint import after_answers
from warnengine.rulebook.parse import Located

CHANNELS = ("sms", "email", "push", "wecom", "app", "loudspeaker", "extra")
"""A call is a step: voice or duty_room."""
DANGERS_AT_ONCE = 5
"""Rain, wind, lightning, flash floods and landslides for the whole district within a minute."""
PEOPLE = frozenset({Act.VOICE, Act.DUTY_ROOM, Act.VISIT})
"""Steps after which somebody is awake and goes on by hand: what a machine calls in vain, the duty room calls."""


def check(draft: Draft) -> Iterator[Finding]:
    """ladder.yaml and approvals.yaml."""
    for level, rung in draft.ladder.value.rungs().items():
        place = Located(rung, draft.ladder.sheet, (level.key,))
        yield from _steps(place, level.key)
        yield from _ends(place, level)
        yield from _minutes(place)
        yield from _called(place, level.key, draft)
        yield from _channels(place, level)
        yield from after_answers.check(place, level.key, draft)
    yield from after_answers.night(draft)
    for rule in draft.approvals:
        yield from _authorities(rule, draft)
    yield from _rush(draft)


def _steps(place: Located[Rung], level: str) -> Iterator[Finding]:
    if not place.value.steps:
        yield place.error(f"{level} 级没有叫应步骤", "写明没有人应答时下一步找谁", "steps")
    for key in ("steps", "night_steps"):
        steps: tuple[Step, ...] = getattr(place.value, key)
        for index, (before, after) in enumerate(pairwise(steps), start=1):
            if after.after <= before.after:
                yield place.error("步骤的时间没有越来越晚", "每一步都要比前一步晚", key, index)
        for index, step in enumerate(steps):
            yield from _repeated(place, step, key, index)


def _ends(place: Located[Rung], level: Level) -> Iterator[Finding]:
    """A ladder of texts alone ends in nobody: phones are switched off, and deputies have none."""
    say = place.error if level >= Level.ORANGE else place.warning
    for key in ("steps", "night_steps"):
        steps: tuple[Step, ...] = getattr(place.value, key)
        if level > Level.BLUE and steps and not any(step.do in PEOPLE for step in steps):
            yield say(f"{level.key} 级叫应到最后没有人接手", "最后加一步 do: duty_room 或 do: visit", key)


def _repeated(place: Located[Rung], step: Step, key: str, index: int) -> Iterator[Finding]:
    if step.times > 1 and not step.every:
        yield place.error(f"{step.do} 要做 {step.times} 次,没有写隔多久", "请加上 every: 3m", key, index)
    if step.times == 1 and step.every is not None:
        yield place.error("只做一次的步骤写了 every:", "请加上 times: 2,或者删去 every:", key, index, "every")


def _minutes(place: Located[Rung]) -> Iterator[Finding]:
    rung = place.value
    if rung.silence is not None and rung.silence <= rung.first_send:
        yield place.error("silence 不比 first_send 长: 还没有发就算失联", "请写长一些", "silence")
    if rung.answer_within <= rung.first_send:
        yield place.error("answer_within 不比 first_send 长: 还没有发就要应答", "请写长一些", "answer_within")


def _called(place: Located[Rung], level: str, draft: Draft) -> Iterator[Finding]:
    posts = {post.value.key: post.value for post in draft.posts}
    for kind, keys in place.value.called.items():
        fitting = [post.key for post in posts.values() if kind in post.kinds]
        for index, key in enumerate(keys):
            if key not in fitting and key not in draft.broken:
                what = f"没有岗位“{key}”" if key not in posts else f"{kind} 类单位没有岗位“{key}”"
                yield place.error(what, did_you_mean(key, fitting), "called", kind, index)
    for kind in BOUND:
        if draft.of_kind(kind) and not place.value.called.get(kind):
            yield place.error(
                f"{level} 级在 {kind} 类单位一个人都不叫", f"请在 called.{kind} 里写上岗位", "called"
            )


def _channels(place: Located[Rung], level: Level) -> Iterator[Finding]:
    if level >= Level.ORANGE and "next_channel" in place.value.model_fields_set:
        yield place.error(f"{level.key} 级所有渠道同时发出,不用 next_channel", "请删去", "next_channel")
    if not place.value.channels:
        yield place.error("一个渠道都没有写", did_you_mean("", CHANNELS), "channels")
    for index, channel in enumerate(place.value.channels):
        if channel not in CHANNELS:
            yield place.error(f"没有渠道“{channel}”", did_you_mean(channel, CHANNELS), "channels", index)


def _rush(draft: Draft) -> Iterator[Finding]:
    """Reds for the whole district must not wait for a second look because its dangers come together."""
    units, most = len(draft.of_kind(*BOUND)), draft.limits.value.orders_per_minute
    if DANGERS_AT_ONCE * units > most:
        what = f"全区预警一次最多有 {units} 条指令,几种灾害同时来时一分钟只能发 {most} 条"
        yield draft.limits.warning(
            what, f"orders_per_minute 请至少写 {DANGERS_AT_ONCE * units}", "orders_per_minute"
        )


def _authorities(rule: Located[ApprovalRule], draft: Draft) -> Iterator[Finding]:
    posts = {post.value.key: post.value for post in draft.posts}
    for index, authority in enumerate(rule.value.authorities):
        where = ("authorities", index)
        unit = draft.unit_by_code.get(authority.unit)
        if unit is None:
            if authority.unit not in draft.broken:
                fix = did_you_mean(authority.unit, draft.unit_by_code)
                yield rule.error(f"没有单位“{authority.unit}”", fix, *where)
            continue
        fitting = [post.key for post in posts.values() if unit.kind in post.kinds]
        if authority.post not in fitting and authority.post not in draft.broken:
            yield rule.error(
                f"{unit.name}没有岗位“{authority.post}”", did_you_mean(authority.post, fitting), *where
            )
        if authority.within <= timedelta(0):
            yield rule.error("没有给批准人留时间", "写几分钟,例如 5m", *where, "within")
    if rule.value.ceiling < 1:
        yield rule.error("ceiling 是 0,一个人都发不了", "写最多多少人", "ceiling")
