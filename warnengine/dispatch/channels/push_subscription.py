"""A browser's push subscription, as `JSON.stringify(subscription)` writes it (W3C Push API)."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid.utils import b64urldecode
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from yarl import URL

from warnengine.dispatch.channel import ChannelError, Reason

_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE
)
"""A host name (RFC 1123 §2.1): what name servers and TLS cannot take makes the HTTP client fail in odd ways."""


def _point(text: str) -> str:
    point = b64urldecode(text.encode())
    if len(point) != 65:
        raise ValueError("p256dh is 65 bytes")
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return text


def _secret(text: str) -> str:
    if len(b64urldecode(text.encode())) != 16:
        raise ValueError("auth is 16 bytes")
    return text


class Keys(BaseModel):
    """What the message is encrypted for (RFC 8291)."""

    model_config = ConfigDict(frozen=True)

    p256dh: Annotated[str, Field(max_length=100), AfterValidator(_point)]
    """Base64url of a point of P-256, 65 bytes."""
    auth: Annotated[str, Field(max_length=40), AfterValidator(_secret)]
    """Base64url of 16 bytes."""


class Subscription(BaseModel):
    """Where one browser of one person is reached."""

    model_config = ConfigDict(frozen=True)

    endpoint: str = Field(max_length=2048)
    keys: Keys

    @property
    def url(self) -> URL:
        """The endpoint as the HTTP client reads it."""
        return URL(self.endpoint)


def read_subscription(address: str, *, allow_http_loopback: bool) -> Subscription:
    """Read an address.

    Raises ChannelError (BAD_ADDRESS) for what is no subscription, or leads elsewhere than a push service: https
    only, no user or password in it; http only to this machine itself and only where that is allowed.
    """
    try:
        subscription = Subscription.model_validate_json(address)
        url, host = subscription.url, subscription.url.host or ""  # yarl decodes the host only here
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "JSON"
        raise _bad(f"it is not valid at {where}") from None
    except ValueError:
        raise _bad("its endpoint is not a URL") from None
    if url.user or url.password or not _HOST.fullmatch(url.raw_host or ""):
        raise _bad("its endpoint must be a plain host name")
    if url.scheme != "https" and not (allow_http_loopback and url.scheme == "http" and _is_loopback(host)):
        raise _bad("its endpoint is not https")
    return subscription


def _bad(why: str) -> ChannelError:
    return ChannelError(Reason.BAD_ADDRESS, f"not a push subscription: {why}", retry=False)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
