"""Every state that a design can be in, nearest first; for each wrong the shortest way there, in words."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tests.model.protocol import start, steps
from tests.model.states import IDLE, Design, State, canonical, loose_ends, wrongs

WORDS = {
    "issue": "the {message} is issued and supersedes what came before",
    "give": "the person is given the {message}",
    "expire": "the order expires",
    "lease over": "the lease on attempt {number} at the {message} runs out",
    "silent": "no receipt comes for attempt {number} at the {message}",
    "settle": "an engine takes over attempt {number} at the {message} and notes that its fate is unknown",
    "find nothing": "an engine takes over attempt {number} at the {message} and finds it settled",
    "hold and stall": "an engine claims the {message}, finds it held, and stalls past its lease",
    "drop": "an engine claims attempt {number} at the {message} and drops it",
    "claim": "an engine claims attempt {number} at the {message}",
    "record": "what the gateway said to attempt {number} at the {message} is recorded",
    "give back": "the chunk of attempt {number} at the {message} is given back",
    "refrain": "at the last look attempt {number} at the {message} is not sent",
    "send": "attempt {number} at the {message} is sent and taken",
    "send, answer lost": "attempt {number} at the {message} is sent and taken, and the answer is lost",
    "send, message lost": "attempt {number} at the {message} is sent and lost, and no answer comes",
    "send, refused": "attempt {number} at the {message} is sent and refused",
    "send, refused for good": "attempt {number} at the {message} is sent and refused for good",
    "crash": "the engine with attempt {number} at the {message} dies",
    "stall": "the engine with attempt {number} at the {message} stalls past its lease",
}
OF_THEIR_OWN = {"issue", "expire"}
"""What need not happen: a state in which only these can is an end."""


@dataclass
class Found:
    """What a search has seen."""

    states: int = 0
    ends: int = 0
    copies: int = 0
    """The most of one message that a person has."""
    wrong: dict[str, list[str]] = field(default_factory=dict)
    """Each wrong with the shortest way there."""

    def told(self) -> str:
        """The shortest ways, in words."""
        return "\n".join(f"{wrong}:\n  " + "\n  ".join(way) for wrong, way in self.wrong.items())


Came = dict[State, tuple[State, str, int, int] | None]


def explore(design: Design) -> Found:
    """Breadth first, over all states."""
    first = start(design)
    came: Came = {first: None}
    found = Found()
    queue = deque([first])
    while queue:
        state = queue.popleft()
        possible = list(steps(design, state))
        for verb, message, number, next_ in possible:
            after = canonical(next_)
            if after not in came:
                came[after] = state, verb, message, number
                queue.append(after)
        _look(design, state, {verb for verb, *_ in possible}, came, found)
    found.states = len(came)
    return found


def _look(design: Design, state: State, verbs: set[str], came: Came, found: Found) -> None:
    bad = wrongs(design, state)
    if verbs <= OF_THEIR_OWN and state.engines == (IDLE, IDLE):
        found.ends += 1
        bad |= loose_ends(design, state)
    for wrong in bad - found.wrong.keys():
        found.wrong[wrong] = _way(design, state, came)
    found.copies = max(found.copies, *(sum(copies) for copies in state.copies))


def _way(design: Design, state: State, came: Came) -> list[str]:
    words, step = [], came[state]
    while step:
        before, verb, message, number = step
        name = "all-clear" if message == design.versions else f"order, version {message + 1}"
        words.append(
            WORDS[verb].format(message=name if design.versions > 1 else name.partition(",")[0], number=number)
        )
        step = came[before]
    return words[::-1]
