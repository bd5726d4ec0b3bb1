"""What is known of somebody's answer: the six levels of 叫应."""

from __future__ import annotations

from enum import IntEnum


class Proof(IntEnum):
    """How far it is proven that somebody knows and acts. Only 3 and more is 应: a call that was hung up before its
    end, or a receipt, proves a telephone and no person."""

    SUBMITTED = 0
    """On its way, or nothing certain."""
    DELIVERED = 1
    """The network says that the telephone has it."""
    READ = 2
    """The person has written something back that is no answer."""
    ACKNOWLEDGED = 3
    """By SMS, by a key, on the page, or told to the duty room, by name."""
    REPORTED = 4
    """Acting or done, with a number where one is asked for."""
    VERIFIED = 5
    """Somebody else has looked (抽查)."""

    @property
    def zh(self) -> str:
        """已送达"""
        return WORDS[self]


WORDS = {
    Proof.SUBMITTED: "已发出,未确认送达",
    Proof.DELIVERED: "已送达,未应答",
    Proof.READ: "已读,未应答",
    Proof.ACKNOWLEDGED: "已应答",
    Proof.REPORTED: "已报行动",
    Proof.VERIFIED: "已核实",
}
