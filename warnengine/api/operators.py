"""Who is asking: operators by their own token and name, or the duty room's common token."""

from __future__ import annotations

import hmac

from fastapi import Depends, Request

from warnengine.api.problems import Problem
from warnengine.settings import Operator, Settings

COMMON = "值班室共用令牌"
"""Under this name stands what was done with the common token."""
ROLES = {"duty": "值班员", "bureau": "区局", "leader": "带班领导"}


class Operators:
    """Tells callers apart."""

    def __init__(self, settings: Settings) -> None:
        self.common = settings.operator_token
        self.named = settings.operators
        self.only = [Depends(self.name)]

    def name(self, request: Request) -> str:
        """The caller's name; Problem 401 for a stranger."""
        operator = self.operator(request)
        return operator.name if operator else COMMON

    def operator(self, request: Request) -> Operator | None:
        """Who it is; None for the common token; Problem 401 for a stranger."""
        given = bearer(request).encode()
        for one in self.named:
            if hmac.compare_digest(given, one.token.get_secret_value().encode()):
                return one
        wanted = self.common.get_secret_value().encode() if self.common else b""
        if not wanted or not hmac.compare_digest(given, wanted):
            raise Problem(401, "Who are you?", "Send the operator token: Authorization: Bearer …")
        return None

    def one_of(self, request: Request, *roles: str) -> Operator:
        """The caller, by name, in one of these roles; Problem 403 otherwise."""
        operator = self.operator(request)
        if operator is None:
            raise Problem(
                403,
                "This needs a name",
                "此操作要记名:请用本人的令牌,不用共用令牌。没有的请系统管理员在 WARNENGINE_OPERATORS 里发放。",
            )
        if operator.role not in roles:
            may = "、".join(ROLES[role] for role in roles)
            raise Problem(
                403, "Not in your role", f"{operator.name}({ROLES[operator.role]})不能做此操作:请{may}来做。"
            )
        return operator

    def decider(self, request: Request, said: str) -> str:
        """Under which name a decision stands: with the common token as is said, else the caller's own."""
        if self.operator(request) is None:
            return said
        leader = self.one_of(request, "leader")
        if said != leader.name:
            raise Problem(
                403,
                "Not in another's name",
                f"批复以本人名义作出:by 应为{leader.name}。别人电话批复的,请值班员用 POST …/telephone 记录。",
            )
        return leader.name


def bearer(request: Request) -> str:
    """The token of a request, or nothing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token.isascii() else ""
