"""The VAPID key pair by which push services know this installation (RFC 8292)."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid, VapidException
from py_vapid.utils import b64urlencode

from warnengine.model.errors import StartRefused


def new_vapid_key() -> str:
    """Make a private key: base64url of its 32 bytes, as `PushGateway.private_key` takes it."""
    secret = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return str(b64urlencode(secret.to_bytes(32, "big")))


def load_vapid_key(private_key: str, subject: str) -> Vapid:
    """Read a private key, base64url of its 32 bytes or PEM, and sign for `subject` once to see that both serve.

    Raises StartRefused.
    """
    try:
        if private_key.lstrip().startswith("-----BEGIN"):
            vapid = Vapid.from_pem(private_key.strip().encode())
        else:
            vapid = Vapid.from_string(private_key.strip())
        vapid.sign({"sub": subject, "aud": "https://push.example"})
    except (ValueError, TypeError, AttributeError, VapidException) as error:
        raise StartRefused(
            f"push gateway: private_key or subject does not serve ({type(error).__name__}); private_key is "
            "base64url of 32 bytes or a PEM of curve P-256, subject a mailto: or https: address of the operator"
        ) from None
    return vapid


def application_server_key(vapid: Vapid) -> str:
    """The public half as `pushManager.subscribe` takes it: base64url of the 65 bytes of the point."""
    return str(b64urlencode(vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)))
