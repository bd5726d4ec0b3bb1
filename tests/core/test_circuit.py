"""How far a gateway is trusted: it opens on failures and closes in small steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnengine.dispatch.channel import Accepted, ChannelError, Reason, Unanswered
from warnengine.dispatch.circuit import ENOUGH, PATIENCE, RESTS, STEPS, Circuit, answered, opened, seen
from warnengine.dispatch.routes import Leave, Routes, Way
from warnengine.dispatch.wire import Answer

YES = Accepted(("1",), receipts=True)
LOST = Unanswered("no answer within 5 s")
DOWN = ChannelError(Reason.UNREACHABLE, "no session", retry=True)


def after(*answers: Answer, circuit: Circuit | None = None, now: float = 0.0) -> Circuit:
    circuit = circuit or Circuit()
    for answer in answers:
        circuit = answered(circuit, answer, now)
    return circuit


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        (LOST, True),
        (DOWN, True),
        (ChannelError(Reason.GATEWAY_ERROR, "ESME_RSYSERR", retry=True), True),
        (ChannelError(Reason.CREDENTIALS, "password", retry=True), True),
        (ChannelError(Reason.THROTTLED, "slow down", retry=True), False),
        (ChannelError(Reason.BAD_ADDRESS, "空号", retry=False), False),
        (ChannelError(Reason.REJECTED, "sensitive word", retry=False), False),
        (YES, False),
    ],
    ids=[
        "unanswered",
        "unreachable",
        "gateway error",
        "credentials",
        "throttled",
        "bad number",
        "rejected",
        "taken",
    ],
)
def test_what_is_the_gateways_fault(answer: Answer, counts: bool) -> None:
    assert (after(*[answer] * PATIENCE).share(1.0) is None) == counts


def test_a_few_failures_are_borne() -> None:
    assert after(*[LOST] * (PATIENCE - 1), YES, *[LOST] * (PATIENCE - 1)).share(0.0) == 1


def test_it_comes_back_in_small_steps_and_a_single_message_first() -> None:
    circuit = after(*[LOST] * PATIENCE)
    assert circuit.share(RESTS[0] - 0.1) is None
    shares = [circuit.share(RESTS[0])]
    for _ in range(30):
        circuit = after(YES, circuit=circuit, now=RESTS[0])
        shares.append(circuit.share(RESTS[0]))
    assert list(dict.fromkeys(shares)) == list(STEPS)
    assert shares.count(STEPS[1]) == ENOUGH


def test_who_fails_again_rests_longer_but_never_too_long() -> None:
    circuit, now, rests = after(*[LOST] * PATIENCE), 0.0, []
    for _ in range(6):
        rests.append(circuit.until - now)
        now = circuit.until
        circuit = after(LOST, circuit=circuit, now=now)
    assert rests == [*RESTS, RESTS[-1], RESTS[-1]]


def test_a_session_that_is_back_is_tried_at_once() -> None:
    circuit = seen(after(*[DOWN] * PATIENCE, circuit=Circuit(known=True)), up=False, why="does not answer")
    assert circuit.share(1000.0) is None
    assert seen(circuit, up=True, why="").share(0.0) == 0


def test_a_gateway_that_was_not_there_yet_is_trusted_wholly_when_it_comes() -> None:
    circuit = seen(Circuit(), up=False, why="does not answer")
    assert circuit.share(0.0) is None
    assert seen(circuit, up=True, why="").share(0.0) == 1


@given(st.lists(st.sampled_from([YES, LOST, DOWN])))
def test_only_success_trusts_more(answers: list[Answer]) -> None:
    circuit = Circuit()
    for answer in answers:
        before, circuit = circuit, answered(circuit, answer, 0.0)
        assert answer is YES or circuit.step <= before.step
        assert circuit.step - before.step <= 1


def routes(**ranks: int) -> Routes:
    return Routes({name: Way("sms", rank) for name, rank in ranks.items()})


def test_the_next_in_rank_stands_by() -> None:
    lines = routes(first=1, second=2)
    assert lines.leave("first", 0.0) == Leave(1, spare=False, alone=False)
    assert lines.leave("second", 0.0) == Leave(1, spare=True, alone=False), "only what has failed at the first"


def test_the_next_in_rank_takes_over_and_gives_back_step_by_step() -> None:
    lines = routes(first=1, second=2)
    for _ in range(PATIENCE):
        lines.answered("first", LOST, 0.0)
    assert lines.leave("first", 1.0) is None
    assert lines.leave("second", 1.0) == Leave(1, spare=False, alone=True)
    assert lines.resting(1.0) == {"first": "no answer within 5 s"}
    shares = []
    for _ in range(20):
        leave = lines.leave("second", RESTS[0])
        assert leave
        shares.append((leave.share, leave.spare))
        lines.answered("first", YES, RESTS[0])
    assert list(dict.fromkeys(shares)) == [(1, False), (0.9, False), (0.75, False), (0.5, False), (1, True)]


def test_equals_share_and_a_single_line_is_alone() -> None:
    lines = routes(one=1, other=1)
    assert lines.leave("one", 0.0) == lines.leave("other", 0.0) == Leave(1, spare=False, alone=False)
    assert routes(only=1).leave("only", 0.0) == Leave(1, spare=False, alone=True)
    assert (lines.several(), routes(only=1).several()) == (["sms"], [])


def test_a_black_hole_gets_nothing() -> None:
    lines = routes(first=1, second=2)
    lines.doubt("first", "收下短信但没有回执", 0.0)
    assert lines.leave("first", 1.0) is None
    assert opened(Circuit(), "", 0.0).share(1.0) is None
