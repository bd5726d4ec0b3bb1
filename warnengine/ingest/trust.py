"""What is asked of the messages of a source: whose signature, and how old they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from warnengine import metrics
from warnengine.ingest.signature import Pins, signed
from warnengine.model.arrival import Arrival
from warnengine.model.errors import RefusedWarning

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Trust:
    """For one source."""

    pins: Pins | None = None
    """None: nobody looks at signatures."""
    required: bool = True
    """False: a signature that does not count is told, and the message goes on."""
    window: timedelta | None = None
    """A message sent longer ago, never seen before, is asked about; None: whatever its age."""

    def heard(self, arrival: Arrival, at: datetime) -> tuple[bytes, Sequence[RefusedWarning]]:
        """What of a message counts by its signatures, and why other alerts of it do not; all of it where they are
        only told. RefusedWarning where none counts."""
        assert self.pins
        try:
            found = signed(arrival.raw, self.pins, at)
            if not found.raw:
                raise found.refused[0]
        except RefusedWarning as refusal:
            metrics.SIGNATURES.labels(arrival.source, refusal.reason).inc()
            if self.required:
                raise _unsigned(refusal) from refusal
            log.warning("signature", source=arrival.source, position=arrival.position, problem=str(refusal))
            return arrival.raw, ()
        metrics.SIGNATURES.labels(arrival.source, "counts").inc()
        return (found.raw, found.refused) if self.required or not found.refused else (arrival.raw, ())


_UNSIGNABLE = frozenset({"not_xml", "unknown_format"})


def _unsigned(refusal: RefusedWarning) -> RefusedWarning:
    """What is no XML has no signature."""
    if refusal.reason not in _UNSIGNABLE:
        return refusal
    return RefusedWarning("signature_missing", f"This source must sign its messages (XML-DSig): {refusal}")


def trusting(source: str) -> Trust:
    """Nothing is asked of any source."""
    return _NOTHING


_NOTHING = Trust()
