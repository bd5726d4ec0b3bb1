"""What the ladder asks for once somebody has answered, and by night: the clocks of ladder.yaml."""

from __future__ import annotations

from collections.abc import Iterator

from warnengine.model.book import Rung, Start
from warnengine.model.finding import Finding, did_you_mean
from warnengine.model.proof import Proof
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.parse import Located


def check(place: Located[Rung], level: str, draft: Draft) -> Iterator[Finding]:
    """The rules of one level: who must answer, how sure, the end, the start."""
    yield from _answer(place, level)
    yield from _finish(place)
    if place.value.start:
        yield from _start(place, place.value.start, level, draft)


def night(draft: Draft) -> Iterator[Finding]:
    """The hours in which people sleep."""
    ladder, sheet = draft.ladder.value, draft.ladder.sheet
    for level, rung in ladder.rungs().items():
        if rung.night_steps and ladder.night is None:
            fix = 'add night: {begins: "22:00", ends: "06:00"}'
            yield Located(rung, sheet, (level.key,)).error("nobody says when it is night", fix, "night_steps")
    if ladder.night and ladder.night.begins == ladder.night.ends:
        fix = "write two different times"
        yield Located(ladder.night, sheet, ("night",)).error("the night ends when it begins", fix)


def _answer(place: Located[Rung], level: str) -> Iterator[Finding]:
    rung = place.value
    most = max((len(posts) for posts in rung.called.values()), default=0)
    if rung.answer.at_least and rung.answer.at_least > most:
        yield place.error(
            f"{level} wants {rung.answer.at_least} answers of a unit and calls at most {most} posts",
            f"write at most {most}, or all",
            "answer",
        )
    if rung.proof > Proof.ACKNOWLEDGED and rung.finish is None:
        yield place.error("nobody is asked for what proves it", "add finish:, or write proof: 3", "proof")


def _finish(place: Located[Rung]) -> Iterator[Finding]:
    finish = place.value.finish
    if finish and finish.superior is not None and finish.superior <= finish.after:
        yield place.error(
            "the superior learns it before the person is asked",
            "make superior longer than after",
            "finish",
            "superior",
        )


def _start(place: Located[Rung], start: Start, level: str, draft: Draft) -> Iterator[Finding]:
    posts = {post.value.key: post.value for post in draft.posts}
    for kind, keys in start.leaders.items():
        called = place.value.called.get(kind, ())
        for index, key in enumerate(keys):
            if key not in called and key not in draft.broken:
                what = f'{level} does not call "{key}" in a {kind}'
                yield place.error(what, did_you_mean(key, called), "start", "leaders", kind, index)
    whom = start.tell
    if whom is None:
        return
    unit = draft.unit_by_code.get(whom.unit)
    fitting = [post.key for post in posts.values() if unit and unit.kind in post.kinds]
    if unit is None and whom.unit not in draft.broken:
        yield place.error(
            f'unknown unit "{whom.unit}"', did_you_mean(whom.unit, draft.unit_by_code), "start", "tell"
        )
    elif unit and whom.post not in fitting and whom.post not in draft.broken:
        what = f'{unit.name} has no post "{whom.post}"'
        yield place.error(what, did_you_mean(whom.post, fitting), "start", "tell")
    if whom.after < start.within:
        yield place.error(
            "told before it is an alarm", "make after at least as long as within", "start", "tell", "after"
        )
