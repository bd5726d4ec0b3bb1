"""Messages of the bureau's application in WeCom (企业微信), and what its members answer there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from warnengine.dispatch.channel import Accepted, ChannelError, Inbox, Outgoing, Reason, Receipt, Reply, Unanswered
from warnengine.dispatch.channels.http_client import Answer, HttpClient
from warnengine.dispatch.channels.http_profile import Garbled, Unreadable
from warnengine.dispatch.channels.wecom_crypto import Envelope
from warnengine.dispatch.channels.wecom_messages import (
    STALE,
    body_of,
    read_answer,
    read_message,
    refusal,
    sealed_in,
)
from warnengine.settings import WecomGateway

EARLIER = 300.0
"""Seconds before its end that an access token is fetched anew."""
LONGEST_ID = 200
JSON = {"Content-Type": "application/json"}
CLOSING = {"Connection": "close"}
"""The next request must not meet a connection that has been idle for long."""


class WecomChannel(HttpClient):
    """One application. WeCom reports no fate: the delivery stays at accepted until the member answers.

    `inbox` is what every channel is given; answers come by callback, see `read_callback`.
    """

    kind = "wecom"

    def __init__(self, gateway: WecomGateway, inbox: Inbox) -> None:
        super().__init__(gateway, gateway.url.rstrip("/"))
        self._settings = gateway
        self._envelope = None
        if gateway.token and gateway.aes_key:
            keys = gateway.token.get_secret_value(), gateway.aes_key.get_secret_value()
            self._envelope = Envelope(*keys, gateway.corp_id)
        self._access = ""
        self._access_until = 0.0
        self._fetching = asyncio.Lock()

    async def send(self, message: Outgoing) -> Accepted:
        """Send to one member; once more with a new access token where the old one has become stale."""
        body = body_of(self._settings, message)
        if self._session is None:
            raise self._unreachable("the channel is not running")
        limit = self._settings.connect_seconds + self._settings.answer_seconds
        try:
            async with asyncio.timeout(limit):
                answer = await self._handed_over(body)
        except TimeoutError as error:
            raise Unanswered(f"WeCom did not answer within {limit:g} s") from error
        if problem := refusal(answer, message.address):
            raise self._noted(problem)
        self._well()
        number = str(answer.get("msgid") or "")[:LONGEST_ID]
        return Accepted((number,) if number else (), receipts=False)

    async def _handed_over(self, body: bytes) -> dict[str, Any]:
        access = await self._access_token()
        answer = await self._send(access, body)
        if answer["errcode"] in STALE:
            answer = await self._send(await self._access_token(instead_of=access), body)
        return answer

    def read_callback(self, method: str, query: Mapping[str, str], body: bytes) -> list[Receipt | Reply | Garbled]:
        """What a member answered. Raises Unreadable, a ValueError, for what WeCom did not send: answer 400."""
        envelope = self._sealing()
        if method == "GET":
            envelope.open(query, query.get("echostr", ""))
            return []
        return [*read_message(self.gateway, envelope.open(query, sealed_in(body)))]

    def answer(self, method: str, query: Mapping[str, str]) -> tuple[bytes, str]:
        """What a callback is confirmed with: to the check of the address what it has sealed, else nothing."""
        if method == "GET":
            return self._sealing().open(query, query.get("echostr", "")), "text/plain"
        return b"", "text/plain"

    def _sealing(self) -> Envelope:
        if self._envelope is None:
            raise Unreadable(f"gateway {self.gateway} has no token and aes_key: set them as in WeCom's console")
        return self._envelope

    async def _probe(self) -> ChannelError | None:
        """Whether it listens, and lets us in."""
        try:
            return await super()._probe() or await self._let_in()
        except Unanswered as error:
            return self._unreachable(error.detail)

    async def _let_in(self) -> ChannelError | None:
        try:
            await self._access_token()
        except ChannelError as error:
            return error
        return None

    async def _access_token(self, instead_of: str = "") -> str:
        """The token that is valid now; another one where `instead_of` has been refused."""
        async with self._fetching:
            if self._access == instead_of or time.monotonic() > self._access_until:
                self._access, self._access_until = "", 0.0
                self._access, self._access_until = await self._fetched()
            return self._access

    async def _fetched(self) -> tuple[str, float]:
        settings = self._settings
        secret = {"corpid": settings.corp_id, "corpsecret": settings.secret.get_secret_value()}
        try:
            answer = self._read(await self._ask(f"/cgi-bin/gettoken?{urlencode(secret)}", CLOSING, b"", "GET"))
        except Unanswered as error:  # no message has left yet
            raise self._noted(self._unreachable(f"no access token: {error.detail}")) from error
        if problem := refusal(answer):
            raise self._noted(problem)
        access, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(access, str) or not isinstance(seconds, int):
            raise ChannelError(Reason.GATEWAY_ERROR, "WeCom gave no access token", retry=True)
        return access, time.monotonic() + max(seconds - EARLIER, 1)

    async def _send(self, access: str, body: bytes) -> dict[str, Any]:
        path = f"/cgi-bin/message/send?access_token={quote(access, safe='')}"
        return self._read(await self._ask(path, JSON, body))

    @staticmethod
    def _read(answer: Answer) -> dict[str, Any]:
        if answer.status != 200:
            reason = Reason.THROTTLED if answer.status == 429 else Reason.GATEWAY_ERROR
            raise ChannelError(reason, f"WeCom answered HTTP {answer.status}", retry=True)
        try:
            return read_answer(answer.body)
        except Unreadable as error:
            raise Unanswered(f"an answer that cannot be read: {error}") from error
