"""What of a message that is let in nobody acts on, as questions for the duty room."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from warnengine.model.book import RuleBook
from warnengine.model.errors import RefusedWarning
from warnengine.model.reasons import CHINESE
from warnengine.model.warning import Claim, Warning

_REASON = re.compile(r"\((\w+)\)")
CONTRADICTIONS = frozenset({"code_contradicts_title", "level_contradicted", "lift_contradicted", "infos_differ"})
"""Problems of a message that says two things at once."""
SHOWN = 5
"""Places or refusals that a question lists; the message itself is kept."""


def unread(warnings: Sequence[Warning], refused: Sequence[RefusedWarning], book: RuleBook) -> Iterator[str]:
    """Chinese sentences, the same whenever the message comes again. refused: why others of it are not let in."""
    for warning in warnings:
        if gaps := [*_unplaced(warning, book), *_unknown(warning), *_ungraded(warning, book)]:
            yield (
                f"预警 {warning.identifier}({warning.headline[:60] or '无标题'})有内容没有读懂,未就此下发指令:"
                f"{';'.join(gaps)}。请看原文核实,需要时人工通知。"
            )
    beside = [p.message for warning in warnings for p in warning.problems if p.rule == "beside_refused"]
    broken = list(dict.fromkeys((*map(_beside, beside), *(CHINESE.get(no.reason, str(no)) for no in refused))))
    if warnings and broken:
        more = f"等{len(broken)}种情形。" if len(broken) > SHOWN else ""
        yield (
            f"与预警 {warnings[0].identifier} 同一份电文里,另有预警没有收下,未下发指令:"
            f"{''.join(broken[:SHOWN])}{more}"
        )


def _beside(message: str) -> str:
    """A refusal beside other alerts, in Chinese by the reason that it names."""
    named = _REASON.search(message)
    return CHINESE.get(named[1], message) if named else CHINESE["beside_refused"]


def contradicted(warnings: Sequence[Warning], differing: Sequence[Warning], book: RuleBook) -> Iterator[str]:
    """Chinese sentences on what was acted on although its parts, or its providers, contradict each other.

    differing: those of which another source says something else."""
    for warning in warnings:
        said = [p.message for p in warning.problems if p.rule in CONTRADICTIONS]
        if said and any(book.district.covered(claim.area.code or "") for claim in warning.claims):
            yield (
                f"预警 {warning.identifier}({warning.headline[:60] or '无标题'})前后不一致,"
                f"已按标题的灾种和较高的级别执行:{';'.join(said[:SHOWN])}。请看原文,与发布单位核实。"
            )
    for warning in differing:
        if any(book.district.covered(claim.area.code or "") for claim in warning.claims):
            yield (
                f"预警 {warning.identifier}({warning.headline[:60] or '无标题'})从不同来源收到的内容不一致,"
                "已按较高的级别执行。请看两份原文,与发布单位核实哪一份有效。"
            )


def speaks_here(warning: Warning, book: RuleBook) -> bool:
    """Whether the issuer is the district's own."""
    district = book.district
    return district.canonical(warning.issuer).startswith(district.code) or warning.sender.startswith(
        (district.name, *district.aliases)
    )


def _unplaced(warning: Warning, book: RuleBook) -> Iterator[str]:
    """Places inside the district, or that its issuer names without a code, which are no township that we know."""
    district = book.district
    lost = [claim.area for claim in warning.claims if _lost(claim, warning, book)]
    names = [f"{area.name[:40] or '?'}{f'({area.code})' if area.code else ''}" for area in lost]
    if names and any(district.covered(claim.area.code or "") for claim in warning.claims):
        yield f"不认识的地方 {_listed(names)}"


def _lost(claim: Claim, warning: Warning, book: RuleBook) -> bool:
    code = claim.area.code
    if code is None:
        return speaks_here(warning, book)
    return book.district.canonical(code).startswith(book.district.code) and not book.district.covered(code)


def _unknown(warning: Warning) -> Iterator[str]:
    lost = [p.message.partition(": ")[2] for p in warning.problems if p.rule == "unknown_town"]
    if lost:
        yield f"不认识的地名 {_listed(lost)}"


def _ungraded(warning: Warning, book: RuleBook) -> Iterator[str]:
    if any(p.rule == "level_unknown" for p in warning.problems):
        areas = [claim.area for claim in warning.ungraded if book.district.covered(claim.area.code or "")]
        if areas:
            yield f"没有写明级别的地方 {_listed([area.name[:40] for area in areas])}"


def _listed(names: Sequence[str]) -> str:
    return "、".join(names[:SHOWN]) + ("等" if len(names) > SHOWN else "")
