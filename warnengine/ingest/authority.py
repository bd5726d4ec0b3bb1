"""Who may warn of what, where: issuer × hazard × product family × area × source, as the rule book says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from warnengine.model.book import Issuer, RuleBook
from warnengine.model.errors import RefusedWarning
from warnengine.model.place import trim_code
from warnengine.model.warning import Claim, Warning

SHOWN = 5
"""Places that a sentence names."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """A claim that its issuer may not make."""

    claim: Claim
    part: str
    """Of the remit: families, hazards, areas or sources."""
    words: str
    """In Chinese, without the place."""


def permitted(warning: Warning, source: str, book: RuleBook) -> tuple[Warning, tuple[Beyond, ...]]:
    """The warning with those claims only that its issuer may make, and the others.

    What is said of places outside the district orders nothing and is not judged."""
    remit = book.remits.get(warning.issuer)
    if remit is None:
        return warning, ()
    beyond = tuple(_beyond(warning.claims, remit, source, book))
    if not beyond:
        return warning, ()
    gone = {one.claim for one in beyond}
    return replace(warning, claims=tuple(claim for claim in warning.claims if claim not in gone)), beyond


def refusal(warning: Warning, beyond: Sequence[Beyond], book: RuleBook, *, part: bool = False) -> RefusedWarning:
    """Why these claims are not let in. part: others of the same warning are."""
    name = book.issuers.get(warning.issuer, warning.sender)
    parts = "、".join(dict.fromkeys(one.part for one in beyond))
    what = ";".join(_said(beyond))
    rest = "其余部分照常处理。" if part else ""
    return RefusedWarning(
        "not_authorised",
        f"{name} ({warning.issuer}) may not say this of {book.district.name} ({parts}): ask whether it is meant; "
        f"if it may, extend {parts} of {warning.issuer} in `issuers` in rules/district.yaml",
        f"{name}发布的“{warning.headline[:60] or '无标题'}”({warning.identifier[:60]})超出它能发的范围:{what}。"
        f"未就此下达指令,{rest}请打电话向它核实;"
        "属实的,请区局在 district.yaml 的 issuers 里补上再重读,急用的两人放行。",
    )


def allowing(warnings: Iterable[Warning], book: RuleBook) -> RuleBook:
    """The book in which the issuers of these messages may say them: two people have answered for it."""
    names = {one.issuer: book.issuers.get(one.issuer, one.sender) for one in warnings}
    left = {key: remit for key, remit in book.remits.items() if key not in names}
    return book.model_copy(update={"issuers": book.issuers | names, "remits": left})


def _beyond(claims: Iterable[Claim], remit: Issuer, source: str, book: RuleBook) -> Iterator[Beyond]:
    for claim in claims:
        if claim.area.code and book.district.covered(claim.area.code):
            found = _why(claim, claim.area.code, remit, source, book)
            if found:
                yield Beyond(claim, *found)


def _why(claim: Claim, code: str, remit: Issuer, source: str, book: RuleBook) -> tuple[str, str] | None:
    """Which part of the remit a claim goes beyond, and how that is said."""
    if remit.sources and source not in remit.sources:
        return "sources", f"不能由来源“{source}”转来(只收{'、'.join(remit.sources)})"
    if remit.families and claim.family not in remit.families:
        return "families", f"不能发{book.family_name(claim.family)}"
    if remit.hazards and claim.hazard not in remit.hazards:
        return "hazards", f"不能发{_hazard(claim, book)}"
    place = trim_code(book.district.canonical(code))
    if remit.areas and not place.startswith(tuple(book.district.canonical(area) for area in remit.areas)):
        return "areas", "不能发到"
    return None


def _hazard(claim: Claim, book: RuleBook) -> str:
    return next((one.name for one in book.hazards if one.key == claim.hazard), claim.event[:20] or "这种灾害")


def _said(beyond: Sequence[Beyond]) -> Iterator[str]:
    """One phrase for each reason, with the places."""
    for words in dict.fromkeys(one.words for one in beyond):
        places = list(dict.fromkeys(one.claim.area.name[:20] for one in beyond if one.words == words))
        shown = "、".join(places[:SHOWN]) + (f"等{len(places)}处" if len(places) > SHOWN else "")
        yield f"{words}{shown}" if words.endswith("到") else f"{words}({shown})"
