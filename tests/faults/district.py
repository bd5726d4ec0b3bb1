"""The people and the warnings of a case, and who should get what: read from the bureau's own files, by nobody's code but this.

A warning of a level that names towns is for everybody who holds one of the posts that ladder.yaml calls at that level in one
of the towns. There are holders in towns only, so a number that gets anything else is a phantom.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parents[2]
BEIJING = timezone(timedelta(hours=8))
ISSUER = "50022441600000"
COLOURS = {"blue": "蓝", "yellow": "黄", "orange": "橙", "red": "红"}
PREFIXES = ("138", "186", "199")
"""One of three people is with each operator."""


def towns() -> dict[str, str]:
    """Code of each township by its name."""
    units = yaml.safe_load((PROJECT / "rules" / "units" / "townships.yaml").read_text(encoding="utf-8"))["units"]
    return {unit["name"]: unit["code"] for unit in units if unit["kind"] == "township"}


TOWNS = towns()
ALL = tuple(TOWNS)


@dataclass(frozen=True)
class Holder:
    """A person in a post of a town."""

    number: str
    town: str
    post: str
    key: str
    deputy: str = ""
    superior: str = ""


@dataclass(frozen=True)
class People:
    """Everybody, as the address list has them."""

    name: str
    holders: tuple[Holder, ...]
    extra: tuple[tuple[str, str, str, str], ...] = ()
    """Unit, post, key, number of people who are in no town."""

    def write(self, file: Path) -> None:
        """Write the address list as the bureau would."""
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["unit", "post", "person", "name", "mobile", "phone", "email", "deputy", "superior"])
            for one in self.holders:
                name = f"测试{one.key}"
                writer.writerow(
                    [TOWNS[one.town], one.post, one.key, name, one.number[3:], "", "", one.deputy, one.superior]
                )
            for unit, post, key, number in self.extra:
                writer.writerow([unit, post, key, f"测试{key}", number[3:], "", "", "", ""])

    def called(self, level: str, named: Iterable[str] = ALL) -> set[str]:
        """Numbers of those whom a warning of this level for these towns is for."""
        ladder = yaml.safe_load((PROJECT / "rules" / "ladder.yaml").read_text(encoding="utf-8"))
        posts, chosen = set(ladder[level]["called"]["township"]), set(named)
        return {one.number for one in self.holders if one.town in chosen and one.post in posts}


def crowd(per_town: int) -> People:
    """So many people on duty in every town."""
    return People(
        f"crowd{per_town}",
        tuple(
            Holder(f"+86{PREFIXES[n % 3]}{10_000_000 + n:08d}", ALL[n % len(ALL)], "duty", f"p{n}")
            for n in range(per_town * len(ALL))
        ),
    )


def chain_of_command(count: int = 6) -> People:
    """Somebody on duty with a deputy and a superior in each of some towns, and a duty room."""
    holders: list[Holder] = []
    for n, town in enumerate(ALL[:count]):
        numbers = [f"+86{PREFIXES[n % 3]}{20_000_000 + n * 10 + place:08d}" for place in range(3)]
        holders += [
            Holder(numbers[0], town, "duty", f"d{n}", deputy=f"s{n}", superior=f"v{n}"),
            Holder(numbers[1], town, "standby", f"s{n}"),
            Holder(numbers[2], town, "vice", f"v{n}", deputy=f"s{n}"),
        ]
    return People(f"chain{count}", tuple(holders))


@dataclass
class Bureau:
    """Issues warnings: each a second after the one before."""

    sent: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=300))
    count: Any = field(default_factory=lambda: itertools.count(1))
    first: str = ""

    def warning(
        self,
        level: str,
        named: Sequence[str] = ALL,
        kind: str = "Alert",
        *,
        expires_in: float | None = None,
        references: str | None = None,
        now: datetime | None = None,
        hazard: tuple[str, str] = ("暴雨", "11B03"),
    ) -> Issued:
        """A message of the national platform; `expires_in` seconds from now."""
        moment = (now or self.sent).astimezone(BEIJING) + timedelta(seconds=next(self.count))
        identifier = f"{ISSUER}_{moment:%Y%m%d%H%M%S}"
        colour, name = COLOURS[level], hazard[0]
        places = "、".join(named)
        headline = f"铜梁区气象台发布{name}{colour}色预警"
        text = (
            f"铜梁区气象台{moment:%Y年%m月%d日%H时%M分}发布“{name}{colour}色预警信号”:预计未来3小时,铜梁区{places}"
            "累计雨量将达100毫米以上,请注意防范。"
        )
        if kind == "Cancel":
            headline = f"铜梁区气象台解除{name}{colour}色预警"
            text = f"铜梁区气象台{moment:%m月%d日%H时%M分}解除全区“{name}{colour}色预警信号”,降雨已明显减弱。"
        onset = expires = ""
        if expires_in is not None:
            until = datetime.now(UTC).astimezone(BEIJING) + timedelta(seconds=expires_in)
            onset, expires = f"{moment:%Y-%m-%d %H:%M:%S}+08:00", f"{until:%Y-%m-%d %H:%M:%S}+08:00"
        codes = ",".join(("500224000000", *(f"500224{TOWNS[one][-3:]}000" for one in named)))
        body = f"""<?xml version="1.0" encoding="UTF-8"?>
<alert><identifier>{identifier}</identifier><sender>铜梁区气象局</sender><senderCode>{ISSUER}</senderCode>
<sendTime>{moment:%Y-%m-%d %H:%M:%S}+08:00</sendTime><status>Actual</status><msgType>{kind}</msgType><scope>Public</scope>
<note>{"降雨已明显减弱" if kind == "Cancel" else ""}</note><references>{(references if references is not None else self.first) if kind != "Alert" else ""}</references>
<info><language>zh-CN</language><eventType>{hazard[1]}</eventType><urgency>Unknown</urgency>
<severity>{level.capitalize()}</severity><certainty>Unknown</certainty><effective>{moment:%Y-%m-%d %H:%M:%S}+08:00</effective>
<onset>{onset}</onset><expires>{expires}</expires><senderName>气象台</senderName><headline>{headline}</headline>
<description>{text}</description><area><areaDesc>铜梁区,{",".join(named)}</areaDesc><geocode>{codes}</geocode></area></info></alert>"""
        if kind == "Alert" and not self.first:
            self.first = identifier
        return Issued(identifier, level, tuple(named), kind, body.encode())


@dataclass(frozen=True)
class Issued:
    """One message."""

    identifier: str
    level: str
    towns: tuple[str, ...]
    kind: str
    body: bytes
