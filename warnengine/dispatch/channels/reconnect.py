"""How long to leave a gateway alone that cannot be reached or does not let us in."""

from __future__ import annotations

from warnengine.dispatch.channel import Reason


def pause(failures: int, reason: Reason) -> float:
    """Give the seconds to wait after so many failures in a row.

    Doubles from 0.1 to 5 s; where the login was refused, from 2 s to 5 min, for gateways lock accounts that knock.
    """
    first, most = (2.0, 300.0) if reason is Reason.CREDENTIALS else (0.1, 5.0)
    return min(most, first * 2.0 ** min(max(failures, 1) - 1, 20))
