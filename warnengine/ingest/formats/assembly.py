"""Puts what the info blocks of one alert state together into one warning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from warnengine.ingest.formats.claims import Stated, merged
from warnengine.ingest.formats.fields import NOWHERE, Head, Info
from warnengine.model.warning import Claim, Gravity, MsgType, Problem, Warning

_BY_NAME = frozenset({"unknown_town"})
"""Problems that tell a person which place is meant."""
_STATING = {MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL}


def warning(
    head: Head, form: str, infos: Sequence[Info], said: Iterable[Stated], problems: list[Problem]
) -> Warning:
    """The warning; texts and times are those of the first info, which is Chinese where there is one."""
    first = infos[0] if infos else None
    stated = tuple(said)
    claims, ungraded = _placed(*_sorted(head, stated, problems))
    if not claims and all(claim.area == NOWHERE for claim in ungraded):
        problems.append(_no_area(head))
    if head.msg_type is MsgType.ALERT and claims and not any(claim.level for claim in claims):
        message = "It is called an Alert, and its words end what stands; the words count."
        problems.append(Problem("type_contradicts_text", Gravity.WARN, message))
    return Warning(
        identifier=head.identifier,
        sender=head.sender,
        issuer=head.issuer,
        sent=head.sent,
        status=head.status,
        msg_type=head.msg_type,
        references=head.references,
        format=form,
        headline=first.headline if first else "",
        description=first.description if first else "",
        effective=first.effective if first else None,
        onset=stated[0].onset if stated else None,
        expires=stated[0].expires if stated else None,
        claims=claims,
        ungraded=ungraded,
        problems=tuple(_counted(problems)),
    )


def _counted(problems: Iterable[Problem]) -> Iterator[Problem]:
    """One problem per rule with a count, but every place that is not known by its own name."""
    groups: dict[tuple[str, Gravity, str], list[Problem]] = {}
    for problem in dict.fromkeys(problems):
        named = problem.message if problem.rule in _BY_NAME else ""
        groups.setdefault((problem.rule, problem.severity, named), []).append(problem)
    for first, *more in groups.values():
        counted = f" ({len(more)} more of the kind in this message.)" if more else ""
        yield replace(first, message=first.message + counted)


def _sorted(
    head: Head, stated: Sequence[Stated], problems: list[Problem]
) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
    """Claims that may be acted on, and those that may not."""
    acting = [item for item in stated if item.graded and head.msg_type in _STATING]
    others = [item for item in stated if item not in acting]
    claims = merged((claim for item in acting for claim in item.claims), problems)
    unread = [claim for item in acting for claim in item.unread]
    ungraded = tuple(dict.fromkeys((*(claim for item in others for claim in item.claims), *unread)))
    if ungraded and head.msg_type in _STATING:
        message = "No level is given for some or all areas; a person must judge them."
        problems.append(Problem("level_unknown", Gravity.REJECT if not claims else Gravity.WARN, message))
    return claims, ungraded


def _placed(claims: tuple[Claim, ...], ungraded: tuple[Claim, ...]) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
    """The same without claims on no place at all; where there are no others these are shown, never acted on."""
    somewhere = [tuple(claim for claim in some if claim.area != NOWHERE) for some in (claims, ungraded)]
    return (somewhere[0], somewhere[1]) if any(somewhere) else ((), (*claims, *ungraded))


def _no_area(head: Head) -> Problem:
    if head.msg_type is MsgType.CANCEL and head.references:
        return Problem("no_area", Gravity.WARN, "It names no area; it withdraws what its references state.")
    return Problem("no_area", Gravity.REJECT, "The message names no area that could be read.")
