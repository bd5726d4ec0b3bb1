"""What the last proofs of the canary's paths mean, in figures and in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

LATE = 2
"""A path without proof for so many intervals is dead (canary > 2 min, semantics of the alert)."""
PLACES = {"in": "预警入口", "out": "发送", "back": "回复"}
DOORS = {"http": "接口", "spool": "文件夹", "kafka": "Kafka"}


class Colour(StrEnum):
    """A light of the board; grey is unknown, which is never green."""

    GREEN = "green"
    RED = "red"
    GREY = "grey"


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of one path: in/http, out/line, back/line."""

    path: str
    since: datetime
    """On watch since then."""
    proven: datetime | None


@dataclass(frozen=True, slots=True)
class Light:
    """One path on the board."""

    path: str
    colour: Colour
    age: timedelta | None
    words: str

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        age = self.age.total_seconds() if self.age is not None else None
        return {"path": self.path, "colour": self.colour, "age_seconds": age, "words": self.words}


def light(proof: Proof, now: datetime, every: timedelta) -> Light:
    """A path is green while its last proof is young; grey while it is too new to have one; else red."""
    name = words_of(proof.path)
    if proof.proven is None:
        if now - proof.since <= LATE * every:
            return Light(proof.path, Colour.GREY, None, f"{name}:还没有自检结果")
        minutes = int((now - proof.since).total_seconds() // 60)
        return Light(proof.path, Colour.RED, None, f"{name}:{minutes}分钟来自检从未通过,请查这一路")
    age = now - proof.proven
    if age <= LATE * every:
        seconds = max(0, int(age.total_seconds()))
        return Light(proof.path, Colour.GREEN, age, f"{name}:{seconds}秒前自检通过")
    return Light(
        proof.path, Colour.RED, age, f"{name}:{int(age.total_seconds() // 60)}分钟没有通过自检,请查这一路"
    )


def words_of(path: str) -> str:
    """in/http → 预警入口 接口; out/line → 发送 line."""
    place, _, name = path.partition("/")
    return f"{PLACES[place]} {DOORS.get(name, name) if place == 'in' else name}"


def must(path: str) -> bool:
    """Whether the engine is sick without it. A reply is a comfort: not every loop-back number answers."""
    return not path.startswith("back/")


def dead(lights: Iterable[Light]) -> dict[str, str]:
    """Paths that must work and do not, with the words for it."""
    return {one.path: one.words for one in lights if must(one.path) and one.colour is Colour.RED}
