"""Elements as they are read: names without namespace, children by name, each looked through once."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

Element = etree._Element


_MIXED = frozenset({"event", "headline", "description", "instruction", "areaDesc", "message"})
"""Texts in which exporters leave tags unescaped."""


_LEAF: dict[str, list[Node]] = {}


class Node:
    """One element. Namespaces differ from issuer to issuer and are only asked for at the root."""

    __slots__ = ("children", "element", "name", "parts", "value")

    def __init__(self, element: Element) -> None:
        self.element = element
        self.name: str = element.tag.rpartition("}")[2]
        self.parts = _LEAF
        self.children: tuple[Node, ...] = ()
        self.value = ""
        """Its text, white space cut off at both ends; of what holds other elements only where that is a text."""
        if len(element):
            self.children = tuple(map(Node, element))
            self.parts = {}
            for child in self.children:
                self.parts.setdefault(child.name, []).append(child)
            if self.name in _MIXED:
                self.value = "".join(map(str, element.itertext())).strip()
        elif text := element.text:
            self.value = text.strip()

    def all(self, name: str) -> Sequence[Node]:
        """The children of that name."""
        return self.parts.get(name, ())

    def texts(self, name: str) -> tuple[str, ...]:
        """The text of each child of that name, empty ones left out."""
        return tuple(value for child in self.parts.get(name, ()) if (value := child.value))

    def text(self, name: str) -> str:
        """The text of the first such child that has any, else empty."""
        for child in self.parts.get(name, ()):
            if value := child.value:
                return value
        return ""
