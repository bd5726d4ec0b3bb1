"""Who sits at the console. A session is a signed cookie: a restart does not end it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from warnengine.model.errors import Refused
from warnengine.order.wish import Who
from warnengine.settings import Operator, Settings

COMMON = "值班室共用令牌"
"""Under this name stands what was done with the common token."""
ROLES = {"duty": "值班员", "bureau": "区局", "leader": "带班领导", "common": "共用"}
SHIFT = 12 * 3600
"""Seconds that a session lasts: nobody is thrown out in the middle of a night."""
GUESSES = 10
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who has signed in."""

    name: str
    role: str
    person: str | None = None
    """Their key in the address list."""

    @property
    def who(self) -> Who:
        """For what they do."""
        return Who(self.name, self.role)

    @property
    def hands(self) -> bool:
        """Whether they may order, take back and end a stop."""
        return self.role in ("duty", "leader")

    def must(self, *roles: str) -> Seat:
        """Themselves; Refused where their role may not."""
        if self.role not in roles:
            may = "、".join(ROLES[role] for role in roles)
            if self.role == "common":
                raise Refused(403, f"此操作要记名:请退出共用令牌,用本人的口令登录({may})。")
            raise Refused(403, f"{self.name}({ROLES[self.role]})不能做此操作:请{may}来做。")
        return self


@dataclass
class Guesses:
    """Wrong tokens of the last minute, by where they came from."""

    wrong: dict[str, deque[float]] = field(default_factory=dict)

    def many(self, where: str, now: float) -> bool:
        """Whether there were too many."""
        row = self.wrong.get(where, deque())
        while row and now - row[0] > MINUTE:
            row.popleft()
        if not row:
            self.wrong.pop(where, None)
        return len(row) >= GUESSES

    def add(self, where: str, now: float) -> None:
        """One more."""
        self.wrong.setdefault(where, deque(maxlen=GUESSES)).append(now)


@dataclass(frozen=True, slots=True)
class Gate:
    """Tells who comes in."""

    settings: Settings
    key: bytes
    """Of this installation; a drill's cookie opens nothing in live."""
    guesses: Guesses = field(default_factory=Guesses)

    @property
    def cookie_name(self) -> str:
        """Browsers keep one set of cookies for all ports of a host: a drill beside live has another name."""
        return f"duty_{self.settings.installation}"

    @property
    def secure(self) -> bool:
        """Whether the cookie only goes by https."""
        return self.settings.http.public_url.startswith("https:")

    def by_token(self, token: str, where: str) -> Seat:
        """Whose token that is; Refused for a stranger's. where: the address it came from."""
        now = time.monotonic()
        if self.guesses.many(where, now):
            raise Refused(429, "口令错得太多:请等一分钟再试。急事先打电话。")
        for operator in self.settings.operators:
            if _same(token, operator.token.get_secret_value()):
                return _seat(operator)
        common = self.settings.operator_token
        if common and _same(token, common.get_secret_value()):
            return Seat(COMMON, "common")
        self.guesses.add(where, now)
        raise Refused(403, "口令不对:请核对后重新输入。忘了口令,请找系统管理员。")

    def cookie(self, seat: Seat) -> str:
        """What the browser keeps."""
        until = int(time.time()) + SHIFT
        name = base64.urlsafe_b64encode(seat.name.encode()).decode()
        return f"{name}.{until}.{self._seal(seat.name, until, self._secret(seat.name))}"

    def seated(self, cookie: str) -> Seat | None:
        """Whose session that is; None where it is over, forged, or its token is no longer given out."""
        name64, _, rest = cookie.partition(".")
        until, _, seal = rest.partition(".")
        try:
            name = base64.urlsafe_b64decode(name64).decode()
        except (binascii.Error, ValueError):
            return None
        secret = self._secret(name)
        if not (until.isdecimal() and secret and hmac.compare_digest(seal, self._seal(name, int(until), secret))):
            return None
        return self._named(name) if int(until) > time.time() else None

    def same_origin(self, headers: Mapping[str, str]) -> bool:
        """Whether a form was sent from a page of ours. Browsers of today say so."""
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin", "")
        if site is not None and site != "same-origin":
            return False
        ours = {headers.get("host", ""), urlsplit(self.settings.http.public_url).netloc}
        return urlsplit(origin).netloc in ours - {""}

    def _named(self, name: str) -> Seat | None:
        if name == COMMON:
            return Seat(COMMON, "common")
        return next((_seat(one) for one in self.settings.operators if one.name == name), None)

    def _secret(self, name: str) -> str:
        if name == COMMON:
            return self.settings.operator_token.get_secret_value() if self.settings.operator_token else ""
        return next((one.token.get_secret_value() for one in self.settings.operators if one.name == name), "")

    def _seal(self, name: str, until: int, secret: str) -> str:
        said = f"{self.settings.installation}|{name}|{until}|{hashlib.sha256(secret.encode()).hexdigest()}"
        return hmac.new(self.key + b"duty room", said.encode(), hashlib.sha256).hexdigest()


def _seat(operator: Operator) -> Seat:
    return Seat(operator.name, operator.role, operator.person)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
