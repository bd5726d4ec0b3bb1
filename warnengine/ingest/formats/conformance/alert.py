"""A4 and B1 to B15: the alert itself. Each check is named after its rule and says it in its first line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from warnengine.ingest.formats import fields
from warnengine.ingest.formats.conformance.rule import Message, Rule, shown
from warnengine.ingest.formats.tree import Node
from warnengine.model.warning import Gravity, MsgType, Status

NAMESPACES = frozenset(
    {
        "http://www.incident.com/cap/1.0",
        "urn:oasis:names:tc:emergency:cap:1.1",
        "urn:oasis:names:tc:emergency:cap:1.2",
    }
)
_ORDER = """
identifier sender sent status msgType password source scope restriction addresses code note references incidents
info
"""
_BAD_CHARACTER = re.compile(r"[\s,&<]")
_CAP_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
_UTC = re.compile(r"[-+]00:?00$")
_SCOPES = frozenset({"public", "restricted", "private"})
_TIMES = ("effective", "onset", "expires")
_OLD_ROOT = re.compile(r"(?:urn:oid:)?2\.49\.0\.0\.")
_REFERENCES = re.compile(r"[^\s,]+,[^\s,]+,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d(?:\s+|$)")
_PROFILES = re.compile(r"profile:|IPAWS", re.I)


_PLACE = {name: at for at, name in enumerate(_ORDER.split())}


def order(parts: Sequence[Node], place: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Which known elements stand behind one that should follow them; place: where each belongs."""
    last, furthest = "", -1
    for part in parts:
        at = place.get(part.name, furthest)
        if at < furthest:
            yield part.name, last
        elif at > furthest:
            last, furthest = part.name, at


def _namespace(message: Message) -> Iterator[str]:
    """A4: the namespace is that of CAP 1.0, 1.1 or 1.2."""
    found = str(message.alert.all("identifier")[0].element.tag).rpartition("}")[0].removeprefix("{")
    if found not in NAMESPACES:
        yield f"The namespace is {shown(found) or 'missing'}, not one of CAP's; it is read as CAP all the same."


def _in_order(message: Message) -> Iterator[str]:
    """B1: the elements of alert stand in the order of the standard."""
    for name, behind in order(message.alert.children, _PLACE):
        yield f"{name} stands behind {behind}, which is not the order of the standard; it is read all the same."


def _characters(message: Message) -> Iterator[str]:
    """B2: identifier and sender hold no blank, comma, & or <."""
    for name, value in (("identifier", message.head.identifier), ("sender", message.head.sender)):
        if found := _BAD_CHARACTER.search(value):
            yield f"{name} is {shown(value)!r} and holds {found.group()!r}: references to it may be misread."


def _oid(message: Message) -> Iterator[str]:
    """B4: an identifier that is an OID of WMO begins with 2.49.0.1."""
    if _OLD_ROOT.match(message.head.identifier):
        yield f"identifier {shown(message.head.identifier)} begins with 2.49.0.0, published alerts with 2.49.0.1."


def _times(message: Message) -> Iterator[tuple[str, str]]:
    yield "sent", message.alert.text("sent")
    for info in message.infos:
        yield from ((name, value) for name in _TIMES if (value := info.text(name)))


def _time_form(message: Message) -> Iterator[str]:
    """B5: times are written YYYY-MM-DDThh:mm:ss±hh:mm, without Z and without fractions."""
    for name, value in _times(message):
        if not _CAP_TIME.fullmatch(value) and fields.time(value)[0]:
            yield f"{name} is {shown(value)!r}, not in the form 2026-07-27T05:54:00+08:00, but can be read."


def _zone(message: Message) -> Iterator[str]:
    """B6: times carry the issuer's own offset; ±00:00 says none."""
    for name, value in _times(message):
        if _UTC.search(value):
            yield f"{name} is {shown(value)}: the offset ±00:00 does not tell the issuer's local time."


def _scope(message: Message) -> Iterator[str]:
    """B1, B7: scope is there and Public, Restricted or Private."""
    scope = message.alert.text("scope")
    if not scope:
        yield "The message has no scope: for whom it is meant is not said."
    elif scope.lower() not in _SCOPES:
        yield f"scope is {shown(scope)!r}; the standard knows Public, Restricted and Private."


def _status(message: Message) -> Iterator[str]:
    """B8: only what is Actual is ever dispatched."""
    if message.head.status is not Status.ACTUAL:
        yield f"status is {message.head.status}: it is never dispatched as a real warning."


def _restriction(message: Message) -> Iterator[str]:
    """B9: restriction belongs to the scope Restricted, addresses to Private."""
    scope = message.alert.text("scope")
    restricted, addresses = message.alert.text("restriction"), message.alert.text("addresses")
    if restricted and scope.lower() != "restricted":
        yield f"restriction is {shown(restricted)!r} and scope is {scope}; the restriction is not applied."
    if scope.lower() == "restricted" and not restricted:
        yield "scope is Restricted and there is no restriction that says to whom."
    if scope.lower() == "private" and not addresses:
        yield "scope is Private and there are no addresses."


def _public(message: Message) -> Iterator[str]:
    """B9: what is not Public should not have come by a public way."""
    scope = message.alert.text("scope")
    if scope.lower() in _SCOPES - {"public"}:
        yield f"scope is {scope}: the issuer did not mean it for everybody."


def _references_form(message: Message) -> Iterator[str]:
    """B10: references are triplets sender,identifier,sent apart by blanks, and not empty where the element is."""
    for node in message.alert.all("references"):
        value = node.value
        if not value:
            yield "references is an empty element; it refers to nothing."
        elif _REFERENCES.sub("", value):
            yield f"references is {shown(value)!r}, not sender,identifier,sent; what looks like one is taken."


def _references_missing(message: Message) -> Iterator[str]:
    """B11: an Update or Cancel refers to the messages that it replaces."""
    if message.head.msg_type in {MsgType.UPDATE, MsgType.CANCEL} and not message.head.references:
        yield f"msgType is {message.head.msg_type} without references; it is applied by place and danger."


def _self_reference(message: Message) -> Iterator[str]:
    """B12: no message refers to itself."""
    if message.head.identifier in message.head.references:
        yield f"references names the message itself, {shown(message.head.identifier)}; that is passed over."


def _reference_later(message: Message) -> Iterator[str]:
    """B12: no message refers to one that was sent after it."""
    for triplet in message.alert.text("references").split():
        value = triplet.rpartition(",")[2]
        time = fields.time(value)[0] if triplet.count(",") >= 2 else None
        if time and time > message.head.sent:
            yield f"references names a message of {shown(value)}, later than this one."


def _answer(message: Message) -> Iterator[str]:
    """B13: an Ack or Error says in references and note what it is about."""
    if message.head.msg_type in {MsgType.ACK, MsgType.ERROR}:
        missing = [name for name in ("references", "note") if not message.alert.text(name)]
        if missing:
            yield f"msgType is {message.head.msg_type} and {' and '.join(missing)} is missing."


def _profile(message: Message) -> Iterator[str]:
    """B14: the profile that a message follows is named in code."""
    for value in message.alert.texts("code"):
        if _PROFILES.search(value):
            yield f"code names the profile {shown(value)}; its own rules are not checked."


def _leftovers(message: Message) -> Iterator[str]:
    """B15: password and Very Likely are from CAP 1.0."""
    if "password" in message.alert.parts:
        yield "password is an element of CAP 1.0; it is passed over."
    for info in message.infos:
        if info.text("certainty").lower() == "very likely":
            yield "certainty is Very Likely, a word of CAP 1.0; it is read as Likely."


RULES: tuple[Rule[Message], ...] = (
    Rule("A4", "namespace", Gravity.WARN, _namespace),
    Rule("B1", "alert_order", Gravity.WARN, _in_order),
    Rule("B2", "characters", Gravity.WARN, _characters),
    Rule("B4", "oid_root", Gravity.NOTE, _oid),
    Rule("B5", "time_form", Gravity.WARN, _time_form),
    Rule("B6", "zone_unsaid", Gravity.NOTE, _zone),
    Rule("B7", "scope", Gravity.REJECT, _scope),
    Rule("B8", "not_actual", Gravity.REJECT, _status, national=True),
    Rule("B9", "restriction", Gravity.WARN, _restriction),
    Rule("B9", "not_public", Gravity.NOTE, _public, national=True),
    Rule("B10", "references_form", Gravity.WARN, _references_form),
    Rule("B11", "references_missing", Gravity.WARN, _references_missing, national=True),
    Rule("B12", "self_reference", Gravity.WARN, _self_reference, national=True),
    Rule("B12", "reference_later", Gravity.WARN, _reference_later),
    Rule("B13", "answer_unexplained", Gravity.WARN, _answer, national=True),
    Rule("B14", "profile", Gravity.NOTE, _profile),
    Rule("B15", "cap_1_0", Gravity.WARN, _leftovers),
)
