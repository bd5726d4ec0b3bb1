"""The canary: a district that is none, whose orders go to loop-back addresses and nobody else."""

from __future__ import annotations

CANARY = "899999"
"""Its code: no administrative code begins with 89. The migrations of the store know it too."""
TOWN = f"{CANARY}001"
UNIT = POST = HAZARD = "canary"
BELOW = -(1 << 62)
"""Added to the ids of its bundles: below zero, and still in the order of time."""


def channel(kind: str, gateway: str) -> str:
    """The channel of a canary: one gateway, and not any of its kind."""
    return f"{kind}@{gateway}"
