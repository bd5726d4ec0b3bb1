"""What the conformance list rejects although it could be read: kept for a person, never acted on by itself."""

from __future__ import annotations

from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Gravity, Problem, Warning

_OF_THE_STATUS = frozenset({"not_actual"})
"""Which status counts is a question of live and drill, not of the message."""
_OF_THE_CONTENT = frozenset({"no_area", "level_unknown"})
"""In order, and yet nobody can act on it."""


def fault(warning: Warning) -> Problem | None:
    """For what the message is rejected, whoever reads it; None where it is in order."""
    return _first(warning, _OF_THE_STATUS | _OF_THE_CONTENT)


def refuse_faulty(warning: Warning) -> None:
    """Raise RefusedWarning, with the rule's word as reason, for the first problem of gravity reject."""
    if problem := _first(warning, _OF_THE_STATUS):
        raise RefusedWarning(
            problem.rule,
            f"{warning.identifier[:60]} is not in order: {problem.message} "
            "Read it by hand, and ask the issuer to send it again",
        )


def _first(warning: Warning, but: frozenset[str]) -> Problem | None:
    return next((p for p in warning.problems if p.severity is Gravity.REJECT and p.rule not in but), None)
