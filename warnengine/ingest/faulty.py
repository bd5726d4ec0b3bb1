"""What the conformance list rejects although it could be read: kept for a person, never acted on by itself."""

from __future__ import annotations

from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Gravity, Warning

_ELSEWHERE = frozenset({"not_actual"})
"""Which status counts is a question of live and drill, not of the message."""


def refuse_faulty(warning: Warning) -> None:
    """Raise RefusedWarning, with the rule's word as reason, for the first problem of gravity reject."""
    fault = next((p for p in warning.problems if p.severity is Gravity.REJECT and p.rule not in _ELSEWHERE), None)
    if fault:
        raise RefusedWarning(
            fault.rule,
            f"{warning.identifier[:60]} is not in order: {fault.message} "
            "Read it by hand, and ask the issuer to send it again",
        )
