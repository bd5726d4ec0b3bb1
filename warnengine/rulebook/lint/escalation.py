"""The 叫应 ladder and the approvals: somebody is always next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from warnengine.model.book import BOUND, ApprovalRule, Rung, Step
from warnengine.model.finding import Finding, did_you_mean
from warnengine.model.level import Level
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.lint import after_answers
from warnengine.rulebook.parse import Located

CHANNELS = ("sms", "email", "push", "wecom", "app", "loudspeaker", "extra")
"""A call is a step: voice or duty_room."""


def check(draft: Draft) -> Iterator[Finding]:
    """ladder.yaml and approvals.yaml."""
    for level, rung in draft.ladder.value.rungs().items():
        place = Located(rung, draft.ladder.sheet, (level.key,))
        yield from _steps(place, level.key)
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
        yield place.error(f"the ladder of {level} has no steps", "say who is next when nobody answers", "steps")
    for key in ("steps", "night_steps"):
        steps: tuple[Step, ...] = getattr(place.value, key)
        for index, (before, after) in enumerate(pairwise(steps), start=1):
            if after.after <= before.after:
                yield place.error("the steps do not rise", "let each come later than the one before", key, index)
        for index, step in enumerate(steps):
            yield from _repeated(place, step, key, index)


def _repeated(place: Located[Rung], step: Step, key: str, index: int) -> Iterator[Finding]:
    if step.times > 1 and not step.every:
        yield place.error(f"{step.do} {step.times} times at one moment", "add every: 3m", key, index)
    if step.times == 1 and step.every is not None:
        yield place.error("every: of what is done once", "add times: 2, or remove it", key, index, "every")


def _minutes(place: Located[Rung]) -> Iterator[Finding]:
    rung = place.value
    if rung.silence is not None and rung.silence <= rung.first_send:
        yield place.error("a town is silent before the first send", "make it longer", "silence")
    if rung.answer_within <= rung.first_send:
        yield place.error("the answer is due before the first send", "make it longer", "answer_within")


def _called(place: Located[Rung], level: str, draft: Draft) -> Iterator[Finding]:
    posts = {post.value.key: post.value for post in draft.posts}
    for kind, keys in place.value.called.items():
        fitting = [post.key for post in posts.values() if kind in post.kinds]
        for index, key in enumerate(keys):
            if key not in fitting and key not in draft.broken:
                what = f'unknown post "{key}"' if key not in posts else f'a {kind} has no post "{key}"'
                yield place.error(what, did_you_mean(key, fitting), "called", kind, index)
    for kind in BOUND:
        if draft.of_kind(kind) and not place.value.called.get(kind):
            yield place.error(f"{level} calls nobody in a {kind}", f"add posts to called.{kind}", "called")


def _channels(place: Located[Rung], level: Level) -> Iterator[Finding]:
    if level >= Level.ORANGE and "next_channel" in place.value.model_fields_set:
        yield place.error(f"{level.key} goes by every channel at once", "remove it", "next_channel")
    if not place.value.channels:
        yield place.error("no channel", did_you_mean("", CHANNELS), "channels")
    for index, channel in enumerate(place.value.channels):
        if channel not in CHANNELS:
            yield place.error(f'unknown channel "{channel}"', did_you_mean(channel, CHANNELS), "channels", index)


def _rush(draft: Draft) -> Iterator[Finding]:
    """A red for the whole district must not wait for a second look because the district has many villages."""
    units, most = len(draft.of_kind(*BOUND)), draft.limits.value.orders_per_minute
    if units > most:
        what = f"a warning for the whole district makes up to {units} orders, {most} may go in a minute"
        yield draft.limits.warning(what, f"let orders_per_minute be {2 * units} or more", "orders_per_minute")


def _authorities(rule: Located[ApprovalRule], draft: Draft) -> Iterator[Finding]:
    posts = {post.value.key: post.value for post in draft.posts}
    for index, authority in enumerate(rule.value.authorities):
        where = ("authorities", index)
        unit = draft.unit_by_code.get(authority.unit)
        if unit is None:
            if authority.unit not in draft.broken:
                fix = did_you_mean(authority.unit, draft.unit_by_code)
                yield rule.error(f'unknown unit "{authority.unit}"', fix, *where)
            continue
        fitting = [post.key for post in posts.values() if unit.kind in post.kinds]
        if authority.post not in fitting and authority.post not in draft.broken:
            yield rule.error(
                f'{unit.name} has no post "{authority.post}"', did_you_mean(authority.post, fitting), *where
            )
        if authority.within <= timedelta(0):
            yield rule.error(
                "an authority gets no time to decide", "write a number of minutes: 5m", *where, "within"
            )
    if rule.value.ceiling < 1:
        yield rule.error("the ceiling lets nothing through", "write the number of people", "ceiling")
