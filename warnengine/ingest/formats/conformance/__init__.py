"""The conformance list: what a strict reader of CAP asks of a message, as named rules.

Each rule has a stable word, the letter and number of the list, a gravity and a sentence for a person. A message
leaves with one problem per rule that it breaks, however often it does. Where a breach leaves nothing to read it
is a refusal, raised where the reading stops: in `xml` (A1, A2, A5), `fields` (B1, B5, B7), `document` (F1). What
the whole list comes to is in docs/messages.md.
"""

from __future__ import annotations

from warnengine.ingest.formats.conformance import alert, area, feed, info
from warnengine.ingest.formats.conformance.rule import Message, Rule
from warnengine.ingest.formats.tree import Node
from warnengine.model.warning import Problem

__all__ = ["FEED", "RULES", "Message", "Rule", "check", "check_feed"]

RULES: tuple[Rule[Message], ...] = (*alert.RULES, *info.RULES, *area.RULES)
FEED: tuple[Rule[Node], ...] = feed.RULES
_NATIONAL = tuple(rule for rule in RULES if rule.national)


def check(message: Message) -> list[Problem]:
    """The problems of a message, in the order of the list, one per rule with a count."""
    rules = _NATIONAL if message.national else RULES
    return [problem for rule in rules if (problem := rule.problem(message))]


def check_feed(root: Node) -> list[Problem]:
    """The problems of what carries the alerts."""
    return [problem for rule in FEED if (problem := rule.problem(root))]
