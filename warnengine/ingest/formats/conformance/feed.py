"""F1: what carries alerts (Atom, RSS). A feed that breaks it is still read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from warnengine.ingest.formats.conformance.rule import Rule, shown
from warnengine.ingest.formats.tree import Node
from warnengine.model.warning import Gravity

ENTRIES = frozenset({"entry", "item", "contentObject"})
"""What one alert stands in."""
_SAYS = {"feed": ("id", "title", "updated"), "channel": ("title", "link")}
_ENTRY_SAYS = {"entry": (("id",), ("title",), ("updated",)), "item": (("guid", "link"), ("title",))}


def entries(node: Node) -> Iterator[Node]:
    """The entries of a feed or envelope."""
    for child in node.children:
        if child.name in ENTRIES:
            yield child
        elif child.name != "alert":
            yield from entries(child)


def _feed(root: Node) -> Iterator[str]:
    """F1: a feed has id, title and updated, each entry a unique id, a title and updated."""
    for node in (root, *root.all("channel")):
        yield from (f"{node.name} has no {name}." for name in _SAYS.get(node.name, ()) if not node.text(name))
    found = list(entries(root))
    for entry in found:
        for names in _ENTRY_SAYS.get(entry.name, ()):
            if not any(entry.text(name) for name in names):
                yield f"{entry.name} {shown(entry.text('title'))!r} has no {' or '.join(names)}."
    for name, times in Counter(entry.text("id") or entry.text("guid") for entry in found).items():
        if name and times > 1:
            yield f"{times} entries have the id {shown(name)!r}."


RULES: tuple[Rule[Node], ...] = (Rule("F1", "feed_form", Gravity.WARN, _feed),)
