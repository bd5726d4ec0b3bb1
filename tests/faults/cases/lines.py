"""What a gateway, or the way to it, does wrong."""

from __future__ import annotations

import asyncio
import re

from tests.faults import oracles
from tests.faults.cases.dying import some, warned
from tests.faults.district import ALL
from tests.faults.processes import PATIENCE, until, within
from tests.faults.registry import fault
from tests.faults.stage import Engine, Gateway, Stage
from tests.faults.verdict import hold

UNKNOWN = "SELECT count(*)::int FROM delivery_event WHERE what = 'unknown'"
PARKED = "SELECT count(*)::int FROM receipt WHERE matched_at IS NULL"


async def shell(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    said = (await process.communicate())[1]
    hold(process.returncode == 0, f"{' '.join(command)}: {said.decode()[:200]}")


async def receipts_in(stage: Stage, line: Gateway) -> None:
    """Wait until the engine has confirmed every receipt and matched what it can."""

    async def look() -> bool:
        state = await line.tell()
        return not state["owed"] and not state["held"] and await oracles.delivered(stage)

    await within(look, PATIENCE)


async def seen_by_people(engine: Engine, words: str, seconds: float = PATIENCE) -> str:
    """An open task or a complaint of /readyz that has these words; empty where there is none in time."""

    async def look() -> str:
        return next((alarm for alarm in await engine.alarms() if re.search(words, alarm)), "")

    return await within(look, seconds) or ""


def dropped(port: int) -> str:
    return (
        "table inet faults {\nchain out {\ntype filter hook output priority 0; policy accept;\n"
        f"tcp dport {port} drop\ntcp sport {port} drop\n}}\n}}\n"
    )


@fault(7)
async def ghost(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp(delay=0.1)
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    await some(stage, 20)
    await shell("nft", dropped(line.port))

    async def given_up() -> bool:
        return await stage.value(UNKNOWN) > 0

    await until("the engine to give the answers up", given_up)
    old = max(one["connection"] for one in line.submits())
    at = len(line.submits())
    await asyncio.sleep(4)  # the partition lasts while nothing can arrive; the kernel would repeat all that time
    await shell("nft", "flush", "ruleset")
    said = await oracles.all_hold(stage, stage.people.called("red"))
    ghosts = [one for one in line.submits()[at:] if one["connection"] <= old]
    hold(
        not ghosts,
        f"{len(ghosts)} parts arrived from the connection that was given up, after the partition healed",
    )
    return f"packets dropped with {at} parts out; {await stage.value(UNKNOWN)} given up, nothing of them arrived when it healed; {said}"


@fault(8)
async def answer_lost(stage: Stage) -> str:
    await stage.database()
    await stage.smpp(proxy=True, delay=0.05)
    proxy = stage.proxies[0]
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    await some(stage, 20)
    proxy.drop_down = True

    async def in_doubt() -> bool:
        return await stage.value(UNKNOWN) > 0

    await until("recorded doubts", in_doubt)
    proxy.drop_down = False
    proxy.cut()
    said = await oracles.all_hold(stage, stage.people.called("red"))
    doubts = await stage.value(UNKNOWN)
    resent = await stage.value("SELECT count(*)::int FROM attempt WHERE purpose = 'resend'")
    hold(resent >= doubts, f"{doubts} doubts of a red and {resent} resends")
    return f"answers lost in mid-load: {doubts} unknown, {resent} sent again at once as red; {said}"


@fault(9)
async def answered_too_late(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp(delay=3.5, delay_to=["86138"])
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))

    async def in_doubt() -> bool:
        return await stage.value(UNKNOWN) > 0

    await until("recorded doubts", in_doubt)
    await line.tell(delay=0)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    await receipts_in(stage, line)
    doubts = await stage.value(UNKNOWN)
    late = await stage.value(
        "SELECT count(*)::int FROM delivery_event u WHERE u.what = 'unknown' AND EXISTS (SELECT FROM delivery_event e "
        "WHERE e.delivery = u.delivery AND e.number = u.number AND e.what IN ('accepted', 'delivered'))"
    )
    parked = await stage.value(PARKED)
    hold(
        late,
        f"{doubts} answers came after the limit of 2 s and none of them counted as accepted; {parked} receipts parked; {said}",
    )
    return f"{doubts} answers after the limit: unknown, sent again; {late} of them counted as accepted when they came; {said}"


@fault(10)
async def slow_gateway(stage: Stage) -> str:
    await stage.database()
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5, "intent_batch": 4}
    await stage.smpp(each=0.06, answer=5, settings={"window": 4})
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("blue"))
    await some(stage, 16)
    queued = await stage.value(
        "SELECT count(*)::int FROM delivery d WHERE NOT EXISTS (SELECT FROM attempt a WHERE a.delivery = d.id)"
    )
    await warned(engine, stage.bureau.warning("red", ALL[:6], kind="Update"))
    said = await oracles.all_hold(stage, stage.people.called("blue"), wait=120)
    first = oracles.i6_red_first(stage, "红", "蓝", 12)
    doubts = await stage.value(UNKNOWN)
    hold(doubts == 0, f"{doubts} sends were given up for a gateway that was only slow")
    return f"16 parts a second, {queued} blues queued when the red came: {first}; {said}"


@fault(11)
async def throttled(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp(nack=0.5)
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))

    async def mostly() -> bool:
        return len({one.to for one in oracles.copies(line.submits())}) >= 90

    await until("most to get through", mostly)
    await line.tell(nack=0)
    said = await oracles.all_hold(stage, stage.people.called("red"), wait=90)
    refused = [one for one in line.submits() if one["answer"] == "refused"]
    pauses = await stage.sql(
        "SELECT extract(epoch FROM n.intended_at - a.intended_at)::float8 AS pause, a.number FROM attempt a "
        "JOIN attempt n ON n.delivery = a.delivery AND n.number = a.number + 1 "
        "JOIN delivery_event e ON e.delivery = a.delivery AND e.number = a.number AND e.what = 'refused'"
    )
    hasty = [row for row in pauses if row["pause"] < 0.9]
    hold(not hasty, f"{len(hasty)} of {len(pauses)} repetitions came within a second of the refusal")
    longest = max((row["pause"] for row in pauses), default=0)
    return f"{len(refused)} submits refused as throttled, {len(pauses)} tried again after 1 to {longest:.0f} s; {said}"


@fault(12)
async def refused_for_good(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp()
    second = await stage.http_sms()
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("yellow"))  # a gateway that has just come up is trusted step by step
    await stage.settled()
    await line.tell(nack=1, nack_status=0x0A, nack_to=["86138"])
    await warned(engine, stage.bureau.warning("red", kind="Update"))
    await stage.settled()
    refused = {one["to"] for one in line.submits() if one["answer"] == "refused"}
    hold(refused, "the first gateway was not asked for any of these numbers")

    async def all_elsewhere() -> bool:
        return refused <= {one.to for one in oracles.copies(second.submits()) if "红" in one.text}

    await within(all_elsewhere, PATIENCE)
    other = {one.to for one in oracles.copies(second.submits()) if "红" in one.text} & refused
    page = await seen_by_people(engine, "unreached|line", 5)
    hold(
        other == refused,
        f"{len(refused)} numbers refused for good by the first provider, {len(other)} of them sent by the second; page: {page or 'none'}",
    )
    said = await oracles.all_hold(stage, stage.people.called("red"))
    return f"{len(refused)} refused for good, all of them sent by the second provider; page: {page or 'none needed'}; {said}"


async def missing_alarm(engine: Engine, gateway: str, prefix: str) -> str:
    """The series that the alert of missing receipts rings on."""

    async def look() -> str:
        values = await engine.metric("ews_receipt_missing_ratio")
        return next(
            (
                f"{labels}={value:.2f}"
                for labels, value in values.items()
                if gateway in labels and prefix in labels and value > 0.5
            ),
            "",
        )

    return await within(look, PATIENCE) or ""


@fault(13)
async def black_hole(stage: Stage) -> str:
    await stage.database()
    stage.settings["dispatch"] |= {"silent_after_seconds": 4, "confirmed_after_seconds": 4}
    line = await stage.smpp(receipts="off")
    second = await stage.http_sms()
    engine = await stage.running()
    await second.kill()  # so that all go by the line that swallows them
    await warned(engine, stage.bureau.warning("red"))
    await stage.settled()
    await second.back()
    swallowed = {one.to for one in oracles.copies(line.submits())}
    alarm = await missing_alarm(engine, "line", "all")
    task = await seen_by_people(engine, "line", 5)
    hold(alarm, f"{len(swallowed)} texts taken and never delivered, and no series tells it")

    async def all_elsewhere() -> bool:
        return swallowed <= {one.to for one in oracles.copies(second.submits())}

    await within(all_elsewhere, PATIENCE)
    other = {one.to for one in oracles.copies(second.submits())} & swallowed
    hold(
        other == swallowed,
        f"{len(swallowed)} texts taken and never delivered: series {alarm}, list: {task or 'nothing'}; {len(other)} of them went by the other provider",
    )
    return f"{len(swallowed)} texts taken and never delivered: series {alarm}, list: {task or 'nothing'}; all went by the other provider"


@fault(14)
async def black_hole_of_a_prefix(stage: Stage) -> str:
    await stage.database()
    stage.settings["dispatch"] |= {"silent_after_seconds": 4, "confirmed_after_seconds": 4}
    line = await stage.smpp(black_hole=["86138"])
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    said = await oracles.all_hold(stage, stage.people.called("red"))
    swallowed = {one.to for one in oracles.copies(line.submits()) if one.to.startswith("+86138")}
    alarm = await missing_alarm(engine, "line", "1381000")
    hold(alarm, f"{len(swallowed)} texts of one prefix swallowed, and no series names it")
    others = [
        label
        for label in await engine.metric("ews_receipt_missing_ratio")
        if "1861000" in label or "1991000" in label
    ]
    values = await engine.metric("ews_receipt_missing_ratio")
    hold(all(values[label] < 0.2 for label in others), f"other prefixes are blamed: {values}")
    return f"{len(swallowed)} texts of 1381000… swallowed: {alarm}, the other prefixes below 0.2; {said}"


async def all_receipted(stage: Stage, **manners: object) -> tuple[str, Gateway]:
    """A red with receipts of this manner: everybody's text counts as delivered."""
    await stage.database()
    line = await stage.smpp(**manners)
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    said = await oracles.all_hold(stage, stage.people.called("red"))
    await receipts_in(stage, line)
    hold(
        await oracles.delivered(stage),
        f"not everything with a receipt counts as delivered: {await states(stage)}; {said}",
    )
    return said, line


async def states(stage: Stage) -> str:
    rows = await stage.sql(
        "SELECT what, count(DISTINCT delivery)::int AS n FROM delivery_event GROUP BY what ORDER BY what"
    )
    return (
        ", ".join(f"{row['n']} {row['what']}" for row in rows) + f", {await stage.value(PARKED)} receipts parked"
    )


@fault(15)
async def receipt_first(stage: Stage) -> str:
    said, _ = await all_receipted(stage, receipts="early")
    return f"every receipt 50 ms before the answer: {await states(stage)}; {said}"


@fault(16)
async def receipts_contradict(stage: Stage) -> str:
    said, line = await all_receipted(stage, receipts="contradicting", receipt_delay=0.5)
    await line.tell(receipts="twice")
    order = stage.bureau.warning("red", kind="Cancel")
    await warned(stage.engines[0], order)
    await stage.settled()
    await receipts_in(stage, line)
    hold(await oracles.delivered(stage), f"not everything counts as delivered: {await states(stage)}")
    oracles.i4_no_overtake(stage)
    return f"UNDELIV and DELIVRD in random order, then all twice: delivered wins for all ({await states(stage)}); {said}"


@fault(17)
async def strange_receipts(stage: Stage) -> str:
    said, line = await all_receipted(stage, receipts="decimal")
    await line.tell(receipts="strange")
    await warned(stage.engines[0], stage.bureau.warning("red", kind="Cancel"))
    await stage.settled()
    await receipts_in(stage, line)
    parked = await stage.value(PARKED)
    hold(parked, "receipts of unknown ids were not parked")
    await line.tell(receipts="on", same_ids=True, black_hole=["86138"])
    await warned(stage.engines[0], stage.bureau.warning("red"))
    await stage.settled()
    await asyncio.sleep(2)  # receipts of a black hole never come: there is nothing to wait for
    wrong = await stage.value(
        "SELECT count(*)::int FROM delivery d JOIN bundle b ON b.id = d.bundle JOIN delivery_event e ON e.delivery = d.id "
        "WHERE d.address LIKE '+86138%' AND e.what = 'delivered' AND b.change = (SELECT max(change) FROM bundle)"
    )
    hold(
        not wrong, f"{wrong} texts that were never delivered count as delivered, by a receipt of another one's id"
    )
    return f"decimal ids matched; {parked} receipts of unknown ids parked; ids used again after 50: none counted for another number; {said}"


@fault(18)
async def receipts_of_an_earlier_session(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp(receipts="held")
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    said = await oracles.all_hold(stage, stage.people.called("red"))
    held = (await line.tell())["held"]
    await line.tell(do="cut")

    async def bound_again() -> bool:
        return (await line.tell())["open"] > 0 and await engine.ready()

    await until("a new session", bound_again)
    await line.tell(do="release")
    await receipts_in(stage, line)
    hold(await oracles.delivered(stage), f"receipts of the session before are lost: {await states(stage)}")
    return f"{held} receipts held back until the next session: {await states(stage)}; {said}"


@fault(19)
async def cut_in_mid_pdu(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp(proxy=True)
    proxy = stage.proxies[0]
    proxy.slice = 7
    engine = await stage.running()
    for place in range(4):
        proxy.reset_after = 700 + 500 * place
        await warned(engine, stage.bureau.warning("red", ALL[place * 7 : place * 7 + 7]))

        async def again() -> bool:
            return not proxy.reset_after and await stage.calm()

        await within(again, PATIENCE)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    return f"7 bytes at once, {proxy.connections - 1} resets in mid-PDU, {len(line.submits())} parts arrived whole; {said}"


@fault(20)
async def half_open(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp(delay=0.05)
    second = await stage.http_sms()
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    await some(stage, 20)
    line.process.freeze()
    told = await seen_by_people(engine, "line")
    hold(told, "a gateway that answers nothing is told nowhere")

    async def all_elsewhere() -> bool:
        have = {one.to for one in oracles.copies(stage.submits()) if one.whole}
        return stage.people.called("red") <= have and await stage.calm()

    await until("everybody to be reached by the second gateway", all_elsewhere)
    by_second = len(oracles.copies(second.submits()))
    line.process.thaw()
    said = await oracles.all_hold(stage, stage.people.called("red"))
    return f"first gateway stopped in mid-load: told as “{told}”, {by_second} texts by the second; {said}"


@fault(21)
async def both_down(stage: Stage) -> str:
    await stage.database()
    line, second = await stage.smpp(), await stage.http_sms()
    engine = await stage.running()
    await line.kill()
    await second.kill()
    await warned(engine, stage.bureau.warning("blue", ALL[8:], expires_in=300))
    await warned(engine, stage.bureau.warning("red", ALL[:8]))
    told = await seen_by_people(engine, "line|second")
    hold(told, "both gateways are gone and nothing tells it")
    await engine.jump(600)
    await line.back()
    await second.back()
    await oracles.i12_healthy(engine)
    await stage.settled()
    had = oracles.copies(stage.submits())
    blues = [one for one in had if "蓝" in one.text and "红" not in one.text]
    hold(not blues, f"{len(blues)} blues were sent after their end")
    said = await oracles.all_hold(stage, stage.people.called("red", ALL[:8]))
    page = await seen_by_people(engine, "unreached|ended", 5)
    hold(page, "84 people whom the blue never reached in its time and nobody is told")
    return f"both gone, told as “{told}”, 10 min by the demo's clock: no blue after its end, told as “{page[:60]}”; {said}"


@fault(22)
async def one_red_among_blues(stage: Stage) -> str:
    from tests.faults.district import crowd

    await stage.database(crowd(40))
    await stage.smpp(each=0.004, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("blue"))
    await some(stage, 100)
    queued = await stage.value(
        "SELECT count(*)::int FROM delivery d WHERE NOT EXISTS (SELECT FROM attempt a WHERE a.delivery = d.id)"
    )
    began = asyncio.get_running_loop().time()
    await warned(engine, stage.bureau.warning("red", ALL[:2], kind="Update"))

    async def first_red() -> bool:
        return any("红" in one["text"] for one in stage.submits())

    await until("the first red", first_red)
    took = asyncio.get_running_loop().time() - began
    said = await oracles.all_hold(stage, stage.people.called("blue"), wait=120)
    order = oracles.i6_red_first(stage, "红", "蓝", 16)
    hold(took <= 5, f"the first red came after {took:.1f} s")
    return f"{queued} blues queued (a crowd of 1,120, not 50,000): first red after {took:.1f} s, {order}; {said}"


@fault(23)
async def expires_in_the_queue(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp()
    engine = await stage.running()
    await line.kill()
    await warned(engine, stage.bureau.warning("red", expires_in=300))

    async def queued() -> bool:
        return await stage.value("SELECT count(*)::int FROM delivery") >= 112

    await until("the deliveries to be queued", queued)
    await engine.jump(400)
    await line.back()
    await oracles.i12_healthy(engine)
    await stage.settled()
    late = oracles.copies(line.submits())
    hold(not late, f"{len(late)} texts were sent after their end")
    await oracles.i5_not_after_withdrawal(stage)

    async def paged() -> bool:
        return bool(await stage.value("SELECT count(*)::int FROM task WHERE kind = 'unreached'"))

    await until("the duty room to be told", paged)
    tasks = await stage.value("SELECT count(*)::int FROM task WHERE kind = 'unreached'")
    return f"red for 112 people expired while the gateway was away: 0 sent when it came back, {tasks} people named to the duty room"


@fault(24)
async def update_in_mid_fan_out(stage: Stage) -> str:
    await stage.database()
    await stage.smpp(each=0.01, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("yellow"))
    await some(stage, 60)
    old = len(stage.submits())
    await warned(engine, stage.bureau.warning("red", kind="Update"))
    said = await oracles.all_hold(stage, stage.people.called("red"))
    order = oracles.i4_newest_last(stage, "黄色", "红色")
    new = {one.to for one in oracles.copies(stage.submits()) if "红" in one.text}
    hold(new == stage.people.called("red"), f"{len(new)} of 112 have the new order")
    both = sum(len(had) > 1 for had in oracles.phones(stage.submits()).values())
    return f"yellow made red with {old} parts out: {both} people had the yellow, all 112 the red, {order}; {said}"


@fault(25)
async def cancel_in_mid_fan_out(stage: Stage) -> str:
    await stage.database()
    await stage.smpp(each=0.01, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    await some(stage, 60)
    await warned(engine, stage.bureau.warning("red", kind="Cancel"))
    await stage.settled()
    had = oracles.copies(stage.submits())
    reached, cleared = {one.to for one in had if not one.lapse}, {one.to for one in had if one.lapse}
    hold(len(reached) < 112, "everything was out before the cancel")
    hold(reached == cleared, f"{len(reached)} had the order and {len(cleared)} the all-clear")
    said = await oracles.all_hold(stage, reached)
    return f"cancelled with {len(reached)} of 112 reached: the same {len(cleared)} got the all-clear, after it; {said}"


@fault(26)
async def killed_in_mid_expansion(stage: Stage) -> str:
    from tests.faults.district import crowd

    await stage.database(crowd(40))
    await stage.smpp()
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))

    async def in_the_middle() -> bool:
        return await stage.value("SELECT count(*)::int FROM bundle") > 0

    await until("the first bundles", in_the_middle)
    await engine.child.kill()
    at = await stage.value("SELECT count(*)::int FROM bundle")
    whole = await stage.value("SELECT count(*)::int FROM change WHERE expanded_at IS NULL")
    await engine.again()
    said = await oracles.all_hold(stage, stage.people.called("red"), wait=120)
    rows = await stage.value(
        "SELECT count(*)::int FROM (SELECT person FROM bundle GROUP BY change, person HAVING count(*) > 1) AS twice"
    )
    hold(not rows, f"{rows} people have two bundles of one change")
    return f"killed with {at} of 1,120 people expanded ({whole} change unfinished): each got exactly one bundle; {said}"
