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
            fix = '请加上 night: {begins: "22:00", ends: "06:00"}'
            yield Located(rung, sheet, (level.key,)).error(
                "写了 night_steps,没有写夜间是几点到几点", fix, "night_steps"
            )
    if ladder.night and ladder.night.begins == ladder.night.ends:
        fix = "写两个不同的钟点"
        yield Located(ladder.night, sheet, ("night",)).error("夜间的开始和结束是同一时刻", fix)


def _answer(place: Located[Rung], level: str) -> Iterator[Finding]:
    rung = place.value
    most = max((len(posts) for posts in rung.called.values()), default=0)
    if rung.answer.at_least and rung.answer.at_least > most:
        yield place.error(
            f"{level} 级要每个单位 {rung.answer.at_least} 人应答,最多却只叫 {most} 个岗位",
            f"最多写 {most},或者写 all",
            "answer",
        )
    if rung.proof > Proof.ACKNOWLEDGED and rung.finish is None:
        yield place.error(
            f"要证明到 proof: {rung.proof.value},没有 finish: 就没有人去催",
            "请加上 finish:,或者写 proof: 3",
            "proof",
        )


def _finish(place: Located[Rung]) -> Iterator[Finding]:
    finish = place.value.finish
    if finish and finish.superior is not None and finish.superior <= finish.after:
        yield place.error(
            "还没有催本人就报了上级",
            "superior 要比 after 长",
            "finish",
            "superior",
        )


def _start(place: Located[Rung], start: Start, level: str, draft: Draft) -> Iterator[Finding]:
    posts = {post.value.key: post.value for post in draft.posts}
    for kind, keys in start.leaders.items():
        called = place.value.called.get(kind, ())
        for index, key in enumerate(keys):
            if key not in called and key not in draft.broken:
                what = f"{level} 级在 {kind} 类单位不叫“{key}”"
                yield place.error(what, did_you_mean(key, called), "start", "leaders", kind, index)
    whom = start.tell
    if whom is None:
        return
    unit = draft.unit_by_code.get(whom.unit)
    fitting = [post.key for post in posts.values() if unit and unit.kind in post.kinds]
    if unit is None and whom.unit not in draft.broken:
        yield place.error(f"没有单位“{whom.unit}”", did_you_mean(whom.unit, draft.unit_by_code), "start", "tell")
    elif unit and whom.post not in fitting and whom.post not in draft.broken:
        what = f"{unit.name}没有岗位“{whom.post}”"
        yield place.error(what, did_you_mean(whom.post, fitting), "start", "tell")
    if whom.after < start.within:
        yield place.error("还没有列入清单就先报了", "after 不能比 within 短", "start", "tell", "after")
