"""Every error that a person may see.

WarnEngineError
├── RefusedWarning      a message that is kept but not dispatched
├── RuleBookError       the rule book does not pass
├── DirectoryError      the address list does not pass
├── Refused             somebody asked for what may not be, or not by them
│   └── Clash           nothing was done; it may be tried again
├── Unplayable          a message or timeline that cannot be rehearsed
├── Unwritable          a document that cannot be written, or for nobody
├── StoreBusy           the store is in use; what was begun goes on at the next call
└── StartRefused        this installation must not come up as it stands
"""

from __future__ import annotations


class WarnEngineError(Exception):
    """What went wrong, where, and what to do next, in one sentence for a person."""


class RefusedWarning(WarnEngineError):
    """A message is quarantined: kept with its reason, shown to the duty room, never dispatched."""

    def __init__(self, reason: str, message: str, chinese: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """A short word for the quarantine list and the metric label, such as `doctype` or `no_area`."""
        self.chinese = chinese
        """The same for the duty room, with what this message says; empty: what is said of every such message."""


class RuleBookError(WarnEngineError):
    """The rule book does not pass; the message lists file, line and fix."""


class DirectoryError(WarnEngineError):
    """The address list does not pass; the message lists file, line and fix."""


class Unplayable(WarnEngineError):
    """A message or a timeline that cannot be rehearsed."""

    def __init__(self, message: str, file: str = "") -> None:
        super().__init__(message)
        self.file = file
        """The one that cannot be read; empty where it is none of them."""


class Unwritable(WarnEngineError):
    """A document that cannot be written here, or for nobody that there is."""


class StartRefused(WarnEngineError):
    """The engine does not come up: unsafe setting, wrong data folder, port taken."""


class StoreBusy(WarnEngineError):
    """A table was never free for a moment; what was begun goes on at the next call."""


class Refused(WarnEngineError):
    """What somebody asked for is not done; the message says, in Chinese, what to do instead."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        """As HTTP says it: 403 not by you, 404 no such thing, 409 not as things stand, 422 not in this form."""


class Clash(Refused):
    """Two transactions stood in each other's way and this one gave in: nothing of it stays."""

    def __init__(self) -> None:
        super().__init__(503, "系统正忙,刚才的操作没有执行:请再按一次。")


class NoRoom(ConnectionError):
    """The disk is nearly full: nothing is kept, and whoever sends must come again."""
