"""Elements as they are read: names without namespace, children by name, each looked through once."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

Element = etree._Element


class Node:
    """One element. Namespaces differ from issuer to issuer and are only asked for at the root."""

    __slots__ = ("children", "element", "name", "parts")

    def __init__(self, element: Element) -> None:
        self.element = element
        self.name = element.tag.rpartition("}")[2]
        self.children: tuple[Node, ...] = tuple(map(Node, element)) if len(element) else ()
        self.parts: dict[str, list[Node]] = {}
        for child in self.children:
            self.parts.setdefault(child.name, []).append(child)

    @property
    def value(self) -> str:
        """Its text and that of what it holds, white space cut off at both ends."""
        if self.children:
            return "".join(map(str, self.element.itertext())).strip()
        return (self.element.text or "").strip()

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
