"""XML signatures (XML-DSig) of alerts: by certificates pinned for a source, and only the signed bytes count.

A signature proves nothing about what stands beside it, so what is read afterwards is what the verification gives
back. The certificate inside a message proves nothing about who signed, so it is never looked at. A second
signature (a relay's) breaks the first one over the whole alert: each is tried with the other taken away as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidCertificate, SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from warnengine.ingest.formats import xml
from warnengine.ingest.formats.xml import Element
from warnengine.model.errors import RefusedWarning

DSIG = "http://www.w3.org/2000/09/xmldsig#"
SIGNATURE = f"{{{DSIG}}}Signature"
MOST = 4
"""Signatures of one alert that are tried: an issuer's, a relay's, and some more."""
_METHODS = frozenset(one for one in SignatureMethod if one.name.startswith(("RSA_", "ECDSA_", "SHA")))
_SAFE = frozenset(one for one in _METHODS if "SHA1" not in one.name)
_DIGESTS = frozenset(one for one in DigestAlgorithm if "SHA1" not in one.name)


@dataclass(frozen=True, slots=True)
class Pins:
    """Whose signatures count."""

    certificates: tuple[x509.Certificate, ...]
    sha1: bool = False
    """Whether SHA-1 is good enough: for old archives only."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What of a document is signed."""

    raw: bytes
    """The signed alerts, as they were signed; empty where none is."""
    refused: tuple[RefusedWarning, ...]
    """One for each alert that is not."""


def signed(raw: bytes, pins: Pins, at: datetime) -> Signed:
    """The signed part of a document, alert by alert. at: when it was received.

    Raise RefusedWarning where it cannot be read as XML."""
    root = xml.parse(raw)
    good: list[bytes] = []
    refused: list[RefusedWarning] = []
    for alert in _alerts(root):
        try:
            good.append(_verified(alert, pins, at))
        except RefusedWarning as refusal:
            refused.append(refusal)
    if not good and not refused:
        raise _missing()
    whole = good[0] if len(good) == 1 else b"<alerts>" + b"".join(good) + b"</alerts>" if good else b""
    return Signed(whole, tuple(refused))


def _alerts(element: Element) -> Iterator[Element]:
    """The outermost alerts, each as a document of its own."""
    if xml.local(element) == "alert" or (element.getparent() is None and element.find(SIGNATURE) is not None):
        yield (
            element if element.getparent() is None else etree.fromstring(etree.tostring(element, with_tail=False))
        )
        return
    for child in element:
        yield from _alerts(child)


def _verified(alert: Element, pins: Pins, at: datetime) -> bytes:
    """The signed bytes of one alert; RefusedWarning says why there are none."""
    if alert.find(SIGNATURE) is None:
        raise _missing()
    found: RefusedWarning | None = None
    for attempt in _attempts(alert):
        for certificate in pins.certificates:
            try:
                return _whole(attempt, _verify(attempt, certificate, at, sha1=pins.sha1))
            except RefusedWarning as refusal:
                found = _graver(found, refusal)
    assert found
    raise found


def _attempts(alert: Element) -> Iterator[Element]:
    """The alert as it came; then each of its signatures as the first of all, and alone."""
    yield alert
    count = min(len(alert.findall(SIGNATURE)), MOST)
    for place in range(count if count > 1 else 0):
        for alone in (False, True):
            copy = deepcopy(alert)
            mine = copy.findall(SIGNATURE)[place]
            for one in copy.findall(SIGNATURE):
                if alone or one is mine:
                    _remove(one)
            mine.tail = None
            copy.insert(0, mine)
            yield copy


def _remove(element: Element) -> None:
    """Take an element out and leave the text behind it where it is."""
    parent, before = element.getparent(), element.getprevious()
    assert parent is not None
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _verify(alert: Element, certificate: x509.Certificate, at: datetime, *, sha1: bool) -> VerifyResult:
    config = SignatureConfiguration(
        location="./",  # a signature deeper in the alert is none of the alert
        signature_methods=_METHODS if sha1 else _SAFE,
        digest_algorithms=frozenset(DigestAlgorithm) if sha1 else _DIGESTS,
        ignore_ambiguous_key_info=True,
        verification_time=at,
    )
    try:
        # no schema check: NAADS writes Id="NAADS Signature", which is no NCName
        result = XMLVerifier().verify(alert, x509_cert=certificate, validate_schema=False, expect_config=config)
    except InvalidCertificate as error:  # said before the signature is looked at: is it theirs at all?
        _verify(alert, certificate, certificate.not_valid_before_utc, sha1=sha1)
        raise _refused("signature_expired", "its certificate was not valid when it came", error) from error
    except (SignXMLException, ValueError, TypeError, AttributeError, etree.LxmlError) as error:
        if not sha1 and _weak(alert):
            raise _refused("signature_weak", "it is made with SHA-1", error) from error
        raise _refused(
            "signature_invalid", "it does not verify by any certificate of this source", error
        ) from error
    assert isinstance(result, VerifyResult)
    return result


def _weak(alert: Element) -> bool:
    """Whether the first signature rests on SHA-1."""
    signature = alert.find(SIGNATURE)
    assert signature is not None
    parts = (f"{{{DSIG}}}SignatureMethod", f"{{{DSIG}}}DigestMethod")
    return any(
        (one.get("Algorithm") or "").lower().endswith("sha1") for name in parts for one in signature.iter(name)
    )


def _whole(alert: Element, result: VerifyResult) -> bytes:
    """The signed bytes; RefusedWarning where the signature is over another part than this very alert."""
    reference = result.signature_xml.find(f"{{{DSIG}}}SignedInfo/{{{DSIG}}}Reference")
    uri = reference.get("URI", "") if reference is not None else "?"
    own = {str(value) for name, value in alert.items() if etree.QName(name).localname in ("Id", "ID")}
    if (
        (uri and uri[1:] not in own)
        or result.signed_xml is None
        or xml.local(result.signed_xml) != xml.local(alert)
    ):
        raise _refused("signature_partial", f"it is over {uri or 'something else'} and not over the alert", None)
    return result.signed_data


_GRAVITY = ("signature_invalid", "signature_weak", "signature_expired", "signature_partial")


def _graver(one: RefusedWarning | None, other: RefusedWarning) -> RefusedWarning:
    """Which refusal says more: the nearer a signature came to counting, the more."""
    return other if one is None or _GRAVITY.index(other.reason) > _GRAVITY.index(one.reason) else one


def _missing() -> RefusedWarning:
    return RefusedWarning(
        "signature_missing",
        "This source must sign its messages (XML-DSig) and this one is not signed: ask it to send it signed",
    )


def _refused(reason: str, words: str, error: Exception | None) -> RefusedWarning:
    more = f" ({type(error).__name__}: {str(error)[:120]})" if error else ""
    return RefusedWarning(
        reason,
        f"The signature of the message does not count: {words}{more}. Ask the issuer by telephone; where it has "
        "a new certificate, add its file to `certificates` of this source in the settings",
    )


def certificates(content: bytes) -> Sequence[x509.Certificate]:
    """Those of a PEM file, which may hold several, or the one of a DER file; ValueError where there is none."""
    if b"-----BEGIN CERTIFICATE" in content:
        return x509.load_pem_x509_certificates(content)
    return [x509.load_der_x509_certificate(content)]
