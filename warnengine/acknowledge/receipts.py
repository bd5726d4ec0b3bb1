"""How else a gateway may write the id of a message."""

from __future__ import annotations

LONGEST_NUMBER = 64
"""Characters of an id that may be a number; a gateway's own words are longer, and nobody counts in them."""
FORMS = ("{:d}", "{:x}", "{:08x}", "{:010x}", "{:016x}", "{:010d}")
BASES = {10: "0123456789", 16: "0123456789abcdef"}


def spellings(provider_id: str) -> tuple[str, ...]:
    """A gateway may give an id in hexadecimal when it accepts and in decimal in the receipt, or the reverse, with
    leading zeros (8, 10 or 16 digits) or without, in capitals or not."""
    plain = provider_id.strip().lower()
    number = 0 < len(plain) <= LONGEST_NUMBER
    values = {int(plain, base) for base, digits in BASES.items() if number and set(plain) <= set(digits)}
    numbers = [form.format(value) for value in sorted(values) for form in FORMS]
    found = [provider_id, plain, *numbers, plain.upper(), *map(str.upper, numbers)]
    return tuple(dict.fromkeys(found))
