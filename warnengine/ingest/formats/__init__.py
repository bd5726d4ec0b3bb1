"""Reading warnings: bytes in, values out, no I/O and no clock.

`read` recognises what a message is by its content, and reads each alert of it or refuses it with a reason for a
person: the national platform's XML (12379) and CAP 1.0 to 1.2, alone or many in one document (Atom, RSS, EDXL-DE,
`<alerts>`).
"""

from __future__ import annotations

from warnengine.ingest.formats import document
from warnengine.ingest.formats.reading import Reading
from warnengine.model.warning import Warning

__all__ = ["Reading", "read"]


def read(raw: bytes, reading: Reading) -> tuple[Warning, ...]:
    """Every warning in a message, in its order; a feed or list that is empty has none.

    Raise RefusedWarning where nothing can be read. Where some alerts of many can, they are returned, each with a
    problem that tells of the others: one broken alert must not hold back the rest, nor go unnoticed.
    """
    return document.read(raw, reading)
