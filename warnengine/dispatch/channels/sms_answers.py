"""What becomes of a text whose parts are answered one by one."""

from __future__ import annotations

from collections.abc import Sequence

from warnengine.dispatch.channel import Accepted, ChannelError, Fate, Reason, Unanswered

Answer = str | ChannelError | Unanswered
"""What became of one part: the gateway's id of it, or why there is none."""

FOR_GOOD = frozenset({Reason.BAD_ADDRESS, Reason.REJECTED})
"""Refusals of this text to this number that no further attempt will change."""

STATES: dict[str, Fate] = {
    "DELIVRD": Fate.DELIVERED,
    "ENROUTE": Fate.PENDING,
    "ACCEPTD": Fate.PENDING,
    "SCHEDULED": Fate.PENDING,
    "BUFFRED": Fate.PENDING,
    "UNKNOWN": Fate.PENDING,
    "": Fate.PENDING,
}
"""UNKNOWN says that the gateway does not know, and so it proves nothing. Every other word (EXPIRED, DELETED,
UNDELIV, REJECTD, the carriers' MA: MB: MI: codes) means that it was not delivered."""


def verdict(answers: Sequence[Answer]) -> Accepted | ChannelError | Unanswered:
    """Judge a message by its parts.

    The refusal where every part was refused, Unanswered where nobody knows or only some were taken: then a part of
    the text may arrive, and to call it refused would deny that.
    """
    taken = tuple(answer for answer in answers if isinstance(answer, str))
    if len(taken) == len(answers):
        return Accepted(tuple(filter(None, taken)), receipts=True)
    unknown = [answer.detail for answer in answers if isinstance(answer, Unanswered)]
    refused = [answer for answer in answers if isinstance(answer, ChannelError)]
    if not taken and not unknown:
        return next((answer for answer in refused if not answer.retry), refused[0])
    if len(answers) == 1:
        return Unanswered(unknown[0])
    return Unanswered(
        f"of {len(answers)} parts {len(taken)} were taken, {len(refused)} refused, {len(unknown)} unanswered: "
        f"a part of the text may arrive ({(unknown or [refused[0].detail])[0]})"
    )
