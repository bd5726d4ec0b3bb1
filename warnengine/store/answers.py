"""Replies and answers, each kept and acted on in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from warnengine.model.delivery import Reply
from warnengine.store.database import Database, queries
from warnengine.store.shapes import plain, storable
from warnengine.store.telephone import countersigned

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.answers
Duty = tuple[int, str]
"""An obligation: order version and person."""
STATES = {1: "acked", 2: "acting", 3: "done"}
NOBODY = "不在通讯录里或从未发到过短信的号码来信"
REPEATED = "repeated"
"""The verdict on a reply that its gateway has handed over before."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, however it came."""

    bundle: int
    step: int
    manner: str
    by: str
    number: int | None = None
    words: str = ""
    item: int | None = None
    """Of the text as its reader counts: only this is done."""
    who: str = ""
    """Who spoke, where it was not the person; `why` then says why."""
    why: str = ""
    responsible: str = ""
    """The key of who spoke, where that counts for the person."""


class AnswerStore:
    """What comes back from people."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def answered_by_sms(self, reply: Reply, step: int, number: int | None, item: int | None = None) -> str:
        """Keep a reply and record its answer on the last message that asked for one; return the verdict."""
        async with self.database.transaction() as connection:
            last = await _last_to(connection, reply)
            if await _repeated(connection, reply, last):
                return REPEATED
            if last is None:
                return await _to_duty_room(connection, reply, None, "stranger", NOBODY)
            return await _answered(connection, reply, last, Answer(0, step, "", "", number, item=item))

    async def wrong_person(self, reply: Reply) -> str:
        """Keep a reply, open a contact task, send nothing more there, let the ladder go on at once."""
        async with self.database.transaction() as connection:
            last = await _last_to(connection, reply)
            if await _repeated(connection, reply, last):
                return REPEATED
            if last:
                await sql.hurry(connection, bundle=last["bundle"])
                whose = {"district": last["district"], "person": last["person"]}
                away = {"channel": last["channel"], "address": storable(reply.address)}
                await sql.not_theirs(connection, **whose, **away)
            return await _to_duty_room(connection, reply, last, "contact", "号码不是本人,请更正通讯录")

    async def unclear(self, reply: Reply) -> str:
        """Keep a reply and give it to the duty room."""
        async with self.database.transaction() as connection:
            last = await _last_to(connection, reply)
            if await _repeated(connection, reply, last):
                return REPEATED
            problem = f"请回电{_address(reply, last)}" if _spoken(reply, last) else "看不懂的回复"
            return await _to_duty_room(connection, reply, last, "unclear", problem)

    async def answered_on_page(self, code: bytes, step: int, number: int | None) -> str | None:
        """Record an answer given on the link page; None where no such link exists, else a problem or ''."""
        async with self.database.transaction() as connection:
            found = await sql.bundle_by_code(connection, code=code)
            if found is None:
                return None
            answer = Answer(found["bundle"], step, "page", found["person"], number)
            problem = await record(connection, answer, found)
            if problem:
                words = f"{problem}(链接页面)"
                await sql.ask_duty_room(connection, bundle=answer.bundle, words=words)
            return problem

    async def page(self, code: bytes) -> dict[str, Any] | None:
        """What an official's link shows."""
        async with self.database.reading() as connection:
            row = await sql.order_page(connection, code=code)
            return plain(dict(row)) if row else None

    async def register_push(self, code: bytes, subscription: str) -> bool:
        """Remember a phone for Web Push; False where no such link exists."""
        async with self.database.transaction() as connection:
            return await sql.add_push(connection, code=code, address=subscription) is not None


async def record(connection: Connection, answer: Answer, whose: Any) -> str:
    """Record an answer of the person of a bundle (`whose`); return what is unclear about it, or ''."""
    if whose["purpose"] == "approval":
        if answer.step == 1 and await countersigned(connection, answer.bundle):
            return ""
        return "" if answer.step == 1 else "请示类信息只能在值班室批复"
    await sql.hold_person(connection, district=whose["district"], person=whose["person"])
    about = await sql.obligations(connection, bundle=answer.bundle)
    answer, measure = await _of_item(connection, answer, about)
    if answer.item is not None:
        return await _item_done(connection, answer, whose, about, measure)
    asking = await _asking(connection, answer, whose, about)
    waiting = {(row["version"], row["person"]) for row in asking if row["counting"]}
    tasks = len({version for version, _ in waiting})
    if answer.number is not None and tasks > 1:
        return f"报了{answer.number}人,但有{tasks}项任务在等人数"
    spare = answer.step == 3 and not waiting and answer.number not in {None, *(row["number"] for row in asking)}
    late = await _keep_answer(connection, answer, spare=spare)
    await _raise(connection, answer, whose, {(row["version"], row["person"]) for row in about}, waiting)
    await _share(connection, answer, whose, about)
    asked = late or any(row["number"] is not None for row in asking)
    if spare and (asked or await sql.owes_count(connection, district=whose["district"], person=whose["person"])):
        return f"报了{answer.number}人,但没有任务在等人数"
    return "已完成但没有报人数" if waiting and answer.number is None else ""


async def _of_item(connection: Connection, answer: Answer, about: Sequence[Any]) -> tuple[Answer, str | None]:
    """Which item of the text an answer says is done, and its measure. 3 alone is all; after 3 a number is people
    where the order asks for people, else an item."""
    counts = any(row["counts"] for row in about)
    if answer.step != 3 or (answer.item is None and (answer.number is None or counts)):
        return answer, None
    items: Sequence[str] = await sql.items(connection, bundle=answer.bundle)
    item = answer.item or answer.number or 0
    if 1 <= item <= len(items) and (answer.item or len(items) > 1):
        return replace(answer, item=item, number=None), items[item - 1]
    return answer, None


async def _item_done(
    connection: Connection, answer: Answer, whose: Any, about: Sequence[Any], measure: str | None
) -> str:
    if measure is None:
        return f"报了第{answer.item}项办完,但这条信息没有第{answer.item}项"
    orders = await sql.add_item_done(connection, bundle=answer.bundle, measure=measure, person=whose["person"])
    all_done = {row["version"] for row in orders if row["done"]}
    await _keep_answer(connection, answer, spare=False)
    lacking = {(row["version"], row["person"]) for row in about if row["counting"] and row["version"] in all_done}
    for row in orders:
        step = 3 if row["done"] else 2
        mine = {(one["version"], one["person"]) for one in about if one["version"] == row["version"]}
        await _raise(connection, replace(answer, step=step), whose, mine, mine & lacking)
    return "已完成但没有报人数" if lacking else ""


async def _share(connection: Connection, answer: Answer, whose: Any, about: Sequence[Any]) -> None:
    """Two have answered for one: the first stays responsible, and both and the duty room learn it."""
    if whose["purpose"] not in {"order", "escalation"}:
        return
    shared = sorted({row["bundle"] for row in about if _taken(row, whose["person"])})
    if shared:
        await sql.shared(connection, bundles=shared)
        words = "本人和代办人都已应答:先应答的负责办完,请知悉"
        await sql.doubly_answered(connection, bundles=shared, words=words)


def _taken(row: Any, me: str) -> bool:
    """Whether somebody else has answered first for what a person answers now."""
    if row["acked_at"] is None:
        return False
    return bool(row["responsible"] not in {None, me} if row["person"] == me else not row["responsible"])


async def _answered(connection: Connection, reply: Reply, last: Any, said: Answer) -> str:
    """Record the answer on the last message; where that is a request, which only a call decides, on the last one
    that waits for this step."""
    asked, step = last, said.step
    if last["purpose"] == "approval":
        if step == 1 and await countersigned(connection, last["bundle"]):
            await _keep_reply(connection, reply, last, "countersigned")
            return "countersigned"
        whose = {"channel": last["channel"], "address": storable(reply.address)}
        asked = await sql.last_owing(connection, **whose, step=step)
    if asked is None:
        return await _to_duty_room(connection, reply, last, "unclear", "对请示回了短信,请示只能打电话批复")
    answer = replace(
        said, bundle=asked["bundle"], manner=last["channel"], by=asked["person"], words=storable(reply.text)
    )
    problem = await record(connection, answer, asked)
    if problem:
        return await _to_duty_room(connection, reply, asked, "unclear", problem)
    await _keep_reply(connection, reply, asked, STATES[step])
    return STATES[step]


async def _asking(connection: Connection, answer: Answer, whose: Any, about: Sequence[Any]) -> Sequence[Any]:
    """What may ask for the number of this answer: its own business, and for a number all that the person has."""
    if answer.step != 3:
        return ()
    if answer.number is None:
        return about
    return [*about, *await sql.counting(connection, district=whose["district"], person=whose["person"])]


async def _raise(connection: Connection, answer: Answer, whose: Any, about: set[Duty], waiting: set[Duty]) -> None:
    for version, person in sorted(about | waiting):
        counts = (version, person) in waiting
        await sql.raise_obligation(
            connection,
            version=version,
            person=person,
            state="acting" if counts and answer.number is None else STATES[answer.step],
            number=answer.number if counts else None,
            by=answer.responsible or whose["person"],
        )


async def _keep_answer(connection: Connection, answer: Answer, *, spare: bool) -> bool:
    """Whether it came after its order was over."""
    late: bool = await sql.add_answer(
        connection,
        bundle=answer.bundle,
        step=answer.step,
        manner=answer.manner,
        by=answer.by,
        number=answer.number,
        words=answer.words,
        spare=spare,
        item=answer.item,
        who=answer.who,
        why=answer.why,
        counted=not answer.who or bool(answer.responsible),
    )
    return late


async def somebody_else(connection: Connection, answer: Answer, levels: Sequence[int]) -> bool:
    """Keep what somebody else said for the person of a bundle; return whether that counts: a deputy's answer does,
    at the levels whose rule says so."""
    deputy = await sql.is_deputy(connection, bundle=answer.bundle, who=answer.who, levels=list(levels))
    whose = await sql.bundle_of(connection, bundle=answer.bundle)
    if deputy:
        await record(connection, replace(answer, responsible=deputy), whose)
    else:
        await _keep_answer(connection, answer, spare=False)
    return bool(deputy)


async def _last_to(connection: Connection, reply: Reply) -> Any:
    """The bundle read last at the number that a reply comes from, or the one that its call has spoken.

    Replies from a number are taken one at a time.
    """
    if reply.delivery is not None:
        spoken = await sql.spoken(connection, delivery=reply.delivery, gateway=reply.gateway)
        await sql.hold_number(connection, address=_address(reply, spoken))
        return spoken
    address = storable(reply.address)
    await sql.hold_number(connection, address=address)
    return await sql.last_to(connection, channel=reply.channel, address=address)


def _spoken(reply: Reply, last: Any) -> bool:
    """Whether it is the key of a call, and not what somebody wrote in an app."""
    return reply.delivery is not None and (last is None or last["channel"] == "voice")


def _address(reply: Reply, last: Any) -> str:
    """The number that a reply comes from; a report of a key need not name it."""
    return last["address"] if reply.delivery is not None and last else storable(reply.address)


async def _repeated(connection: Connection, reply: Reply, last: Any) -> bool:
    found: bool = await sql.repeated(
        connection,
        gateway=reply.gateway,
        address=_address(reply, last),
        raw=reply.raw,
        sent_at=last["intended_at"] if last else None,
    )
    return found


async def _to_duty_room(connection: Connection, reply: Reply, last: Any, verdict: str, problem: str) -> str:
    bundle = last["bundle"] if last else None
    await _keep_reply(connection, reply, last, verdict)
    district = last["district"] if last else await connection.fetchval("SELECT min(code) FROM district")
    await queries.orders.add_task(
        connection,
        district=district,
        kind="contact" if verdict == "contact" else "unclear",
        bundle=bundle,
        person=last["person"] if last else None,
        words=f"{problem}:“{storable(reply.text[:100])}”",
    )
    return verdict


async def _keep_reply(connection: Connection, reply: Reply, about: Any, verdict: str) -> None:
    await sql.keep_reply(
        connection,
        gateway=reply.gateway,
        address=_address(reply, about),
        line=storable(reply.to),
        words=storable(reply.text),
        raw=reply.raw,
        bundle=about["bundle"] if about else None,
        verdict=verdict,
    )
