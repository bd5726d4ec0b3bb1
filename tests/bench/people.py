"""Address lists for measuring, and the browsers of those who take pushes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid.utils import b64urlencode

from warnengine.model.book import RuleBook, UnitKind
from warnengine.model.level import Level

HEAD = "unit,post,person,name,mobile,email\n"
DUTY = 28
"""Duty officers of each unit, so that the real district comes to about 2,000 people."""
APART = 20
"""People of the last township, whom a red reaches while all others wait for a blue."""


BY_HAND = 1000
"""People whom the engine's own import brings in; more of the same kind are copied in SQL."""
MORE = """
WITH listed AS (SELECT n, 'p' || n AS key FROM generate_series($1::int, $2::int - 1) AS n),
one AS (INSERT INTO person (district, key, name) SELECT $3, key, '测试' || n FROM listed),
two AS (INSERT INTO address (district, person, channel, address)
        SELECT $3, key, 'sms', '+86199' || lpad(n::text, 8, '0') FROM listed)
INSERT INTO holding (district, unit, post, person) SELECT $3, ($4::text[])[1 + n % cardinality($4::text[])], 'duty', key
FROM listed"""
"""From person $1 to before $2, in district $3, spread over the townships $4. Foreign keys wait for the end."""

BROWSERS = """
INSERT INTO address (district, person, channel, address)
SELECT district, key, 'push', jsonb_set($1::jsonb, '{endpoint}', to_jsonb(($1::jsonb ->> 'endpoint') || key))::text
FROM person"""
"""A browser for everybody, which people otherwise register one by one on their pages."""


def crowd(count: int, towns: list[str]) -> Iterator[str]:
    """`count` people on duty with a telephone: `APART` of them in the last township, the others spread evenly."""
    for n in range(count):
        town = towns[-1] if n < APART else towns[n % (len(towns) - 1)]
        yield f"{town},duty,p{n},测试{n},199{n:08d},"


def district(book: RuleBook) -> Iterator[str]:
    """Everybody whom a red calls in the shipped book, by telephone and mail, and the duty officers of each unit."""
    number = 0
    for unit in book.units.values():
        if unit.kind is UnitKind.DISTRICT:
            continue
        for post in book.ladder[Level.RED].called[unit.kind]:
            for _ in range(DUTY if post == "duty" else 1):
                number += 1
                yield f"{unit.code},{post},p{number},测试{number},199{number:08d},p{number}@example.cn"


def write(file: Path, rows: Iterator[str]) -> Path:
    file.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return file


def browser(port: int) -> str:
    """The subscription of a browser, less the end of its address."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    octets = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": str(b64urlencode(octets)), "auth": str(b64urlencode(bytes(16)))}
    return json.dumps({"endpoint": f"http://127.0.0.1:{port}/push/", "keys": keys})
