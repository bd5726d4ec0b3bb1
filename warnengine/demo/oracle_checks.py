"""All checks of one night, put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from warnengine.demo.oracle_account import Account, Claim, Sent, moment
from warnengine.demo.oracle_due import TAKEN, answered, due, messages, unreachable
from warnengine.demo.oracle_log import RANK, Answered
from warnengine.demo.oracle_night import Change
from warnengine.demo.oracle_sending import Sending, Wrong
from warnengine.demo.oracle_texts import Texts
from warnengine.demo.oracle_verdict import Finding


def findings(account: Account) -> Iterator[Finding]:
    """Everything that is not right: sent (in order of the log), claimed, missing."""
    checks = (*Sending(account).checks, *Texts(account).checks)
    for sent in account.sent:
        wrong = next(filter(None, (check(sent) for check in checks)), None)
        if wrong:
            yield _finding(account, sent, wrong)
    yield from phantoms(account)
    yield from boasts(account)
    for change in account.night.changes:
        yield from lost(account, change)


def lost(account: Account, change: Change) -> Iterator[Finding]:
    """Those who should have been told of a change, and were neither told nor listed with a reason."""
    for person, codes in due(account, change).items():
        over = not any(account.rules.level(code, change.after) for code in codes)
        told = [sent for sent in messages(account, person, change) if sent.clear or not over]
        if not told and not unreachable(account, person, change):
            units = "、".join(sorted(account.rules.units[code].name for code in codes))
            sentence = f"{account.name(person)} ({units}) was never told of “{change.title}”"
            yield Finding("lost", sentence, person, units, moment=change.at)


def phantoms(account: Account) -> Iterator[Finding]:
    """Deliveries that claim what the log does not know."""
    copies: Mapping[int, list[Sent]] = defaultdict(list)
    for sent in account.sent:
        copies[id(sent.claim)].append(sent)
    for claim in account.claims.deliveries:
        sentence = _phantom(account, claim, copies[id(claim)])
        if sentence:
            person = str(claim.get("person") or "")
            told = f"{account.name(person)}: {sentence}"
            yield Finding(
                "phantom", told, person, text=str(claim.get("text") or ""), moment=moment(claim.get("at"))
            )


def _phantom(account: Account, claim: Claim, copies: Sequence[Sent]) -> str:
    state = claim.get("state")
    if state in TAKEN and not copies:
        return f"the engine says {state}, no gateway took such a message"
    if state == "delivered" and not any(sent.copy.delivered or _answers(account, sent) for sent in copies):
        return "the engine says delivered, no receipt says so"
    return ""


def _answers(account: Account, sent: Sent) -> bool:
    """Whoever answers a message has it."""
    return any(answer.line > sent.copy.line for answer in account.said.get(sent.person or "", ()))


def boasts(account: Account) -> Iterator[Finding]:
    """Orders said to be acknowledged, acting or done, while nobody of the unit said so or was called by hand."""
    for order in account.claims.orders:
        unit = str(order.get("unit"))
        if any(task.get("unit") == unit for task in account.claims.tasks):
            continue
        said = (
            answered(account, person, *account.night.span)
            for person in account.said
            if unit in account.units(person)
        )
        best = max(said, default=0)
        if wrong := [state for state in _STATES if order.get(state[0]) and RANK[state[1]] > best]:
            known = account.rules.units.get(unit)
            name = known.name if known else unit
            yield Finding("phantom", f"{name}: the engine says {wrong[0][0]}, nobody has said so", township=name)


_STATES: tuple[tuple[str, Answered], ...] = (("acknowledged", "received"), ("acting", "acting"), ("done", "done"))


def _finding(account: Account, sent: Sent, wrong: Wrong) -> Finding:
    kind, sentence = wrong
    units = "、".join(sorted(account.rules.units[code].name for code in account.about(sent)))
    told = f"{account.name(sent.person)} ({units or sent.copy.to}): {sentence}"
    return Finding(kind, told, sent.person or "", units, sent.copy.text, sent.copy.moment)
