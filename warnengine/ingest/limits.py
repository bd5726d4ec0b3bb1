"""How long the fields of a message may be: far more than any real one has, and what an index and a page can hold.

The longest of some three hundred real messages: identifier 112 characters, sender 39, event 42, headline 260,
areaDesc 472. Identifier and sender, at four bytes a character, must fit into one key of the store (2,704 bytes).
"""

from __future__ import annotations

from collections.abc import Iterator

from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Warning

IDENTIFIER = 300
SENDER = 300
EVENT = 200
HEADLINE = 20_000
AREA_NAME = 10_000
REFERENCES = 500
"""How many messages one may refer to."""


def refuse_too_long(warning: Warning) -> None:
    """Raise RefusedWarning(`too_long`) where a field is longer than any issuer needs."""
    for field, size, limit in _sizes(warning):
        if size > limit:
            raise RefusedWarning(
                "too_long",
                f"{field} of {warning.identifier[:60]} has {size} characters or items; at most {limit} are taken: "
                "read the message by hand and ask the issuer to send it again in order",
            )


def _sizes(warning: Warning) -> Iterator[tuple[str, int, int]]:
    claims = (*warning.claims, *warning.ungraded)
    yield "identifier", len(warning.identifier), IDENTIFIER
    yield "sender", len(warning.sender), SENDER
    yield "headline", len(warning.headline), HEADLINE
    yield "references", len(warning.references), REFERENCES
    yield "a reference", max(map(len, warning.references), default=0), IDENTIFIER
    yield "event", max((len(claim.event) for claim in claims), default=0), EVENT
    yield "an area's name", max((len(claim.area.name) for claim in claims), default=0), AREA_NAME
