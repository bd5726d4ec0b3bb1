"""Name and value of eventCode, parameter and geocode, in the three ways in which issuers write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from warnengine.ingest.formats.tree import Node

Pairs = Sequence[tuple[str, str]]


def valued(node: Node, name: str) -> Iterator[tuple[str, str]]:
    """Every pair; CAP 1.0 writes `name=value`, rows of an index put several pairs into one element."""
    for child in node.all(name):
        if not child.children:
            key, _, value = child.value.partition("=")
            yield key.strip(), value.strip()
        elif len(child.all("valueName")) > 1:
            yield from zip(_values(child, "valueName"), _values(child, "value"), strict=False)
        else:
            yield child.text("valueName"), child.text("value")


def _values(node: Node, name: str) -> list[str]:
    return [child.value for child in node.all(name)]
