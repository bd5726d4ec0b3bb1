"""The envelope of WeCom's callbacks: SHA-1 over its sorted parts, AES-256-CBC inside (加解密方案). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from warnengine.dispatch.channels.http_profile import Unreadable

BLOCK = 32
"""Of the padding; AES itself has 16."""


def signature(token: str, timestamp: str, nonce: str, sealed: str) -> str:
    """Sign an envelope: hexadecimal SHA-1."""
    parts = "".join(sorted((token, timestamp, nonce, sealed)))
    return hashlib.sha1(parts.encode()).hexdigest()  # noqa: S324 - what WeCom prescribes


@dataclass(frozen=True, slots=True)
class Envelope:
    """Opens what WeCom sends to one application."""

    token: str
    aes_key: str
    """EncodingAESKey, 43 characters."""
    corp_id: str

    def open(self, query: Mapping[str, str], sealed: str) -> bytes:
        """What is inside; raise Unreadable where it is not signed with our token or not for us."""
        signed = signature(self.token, query.get("timestamp", ""), query.get("nonce", ""), sealed)
        if not hmac.compare_digest(signed.encode(), query.get("msg_signature", "").encode()):
            raise Unreadable("the signature is not WeCom's: compare token with the one in its console")
        clear = self._deciphered(sealed)
        length = int.from_bytes(clear[16:20], "big")
        message, receiver = clear[20 : 20 + length], clear[20 + length :]
        if len(message) < length or receiver != self.corp_id.encode():
            raise Unreadable("it is meant for another company, or sealed with another aes_key")
        return message

    def _deciphered(self, sealed: str) -> bytes:
        key = base64.b64decode(self.aes_key + "=")
        try:
            octets = base64.b64decode(sealed, validate=True)
            reader = Cipher(algorithms.AES256(key), modes.CBC(key[:16])).decryptor()
            padded = reader.update(octets) + reader.finalize()
        except (binascii.Error, ValueError) as error:
            raise Unreadable("it is not sealed as WeCom seals") from error
        pad = padded[-1] if padded else 0
        if not 1 <= pad <= BLOCK or len(padded) < pad or padded[-pad:] != bytes([pad]) * pad:
            raise Unreadable("it is sealed with another aes_key")
        return padded[:-pad]
