"""Signatures: only a pinned key counts, only what is signed is read, at the time at which it came."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta

import pytest
from lxml import etree

from tests.ingest.signing import CAP, NOW, Signer, alert, parsed, signer, written
from warnengine.ingest.formats import read
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.signature import DSIG, SIGNATURE, Pins, certificates, signed
from warnengine.model.book import RuleBook
from warnengine.model.errors import RefusedWarning

BUREAU, RELAY, STRANGER = signer(), signer("转发平台"), signer("别人")
EXPIRED = signer(begins=NOW - timedelta(days=800), days=365)
PINS = Pins((BUREAU.certificate,))


def by(who: Signer = BUREAU, raw: bytes | None = None) -> etree._Element:
    return who.sign(parsed(raw or alert()))


def identifier(raw: bytes) -> str:
    return parsed(raw).findtext(f"{{{CAP}}}identifier") or ""


def test_what_is_signed_is_read_and_no_more() -> None:
    found = signed(written(by()), PINS, NOW)
    assert found.refused == ()
    assert identifier(found.raw) == "50022441600000_20260727031200"
    assert b"Signature" not in found.raw


def test_the_signed_bytes_are_a_warning_like_the_plain_ones(book: RuleBook) -> None:
    reading = Reading({book.district.code: book.district}, book.hazard_table)
    assert read(signed(written(by()), PINS, NOW).raw, reading) == read(alert(), reading)


def refused(raw: bytes, pins: Pins = PINS, at: object = NOW) -> str:
    found = signed(raw, pins, at)  # type: ignore[arg-type]
    assert found.raw == b""
    (refusal,) = found.refused
    assert len(str(refusal)) > 40, "it says what to do"
    return refusal.reason


def changed() -> bytes:
    return written(by()).replace("暴雨红色".encode(), "暴雨蓝色".encode())


def inner(tree: etree._Element) -> etree._Element:
    return deepcopy(tree)


def wrapped_in_extension() -> bytes:
    """A signed alert hidden deep in a forged one, its signature as the forged one's."""
    genuine = BUREAU.sign(with_id(parsed(alert("old"))), reference_uri="real")
    forged = parsed(alert("forged"))
    signature = genuine.find(SIGNATURE)
    assert signature is not None
    genuine.remove(signature)
    forged.append(signature)
    hidden = etree.SubElement(forged, "extension")
    hidden.append(genuine)
    return written(forged)


def wrapped_in_object() -> bytes:
    """The same with the signed alert in the signature itself."""
    genuine = BUREAU.sign(with_id(parsed(alert("old"))), reference_uri="real")
    signature = genuine.find(SIGNATURE)
    assert signature is not None
    genuine.remove(signature)
    forged = parsed(alert("forged"))
    holder = etree.SubElement(signature, f"{{{DSIG}}}Object")
    holder.append(genuine)
    forged.append(signature)
    return written(forged)


def signs_a_part() -> bytes:
    """Signed over the info alone, so that the head may be anything."""
    tree = parsed(alert())
    info = tree.find(f"{{{CAP}}}info")
    assert info is not None
    info.set("Id", "part")
    return written(BUREAU.sign(tree, reference_uri="part"))


def with_id(tree: etree._Element, name: str = "real") -> etree._Element:
    tree.set("Id", name)
    return tree


def deeper() -> bytes:
    """A signature that stands inside info is none of the alert."""
    tree = by()
    signature, info = tree.find(SIGNATURE), tree.find(f"{{{CAP}}}info")
    assert signature is not None
    assert info is not None
    info.append(signature)
    return written(tree)


def added_beside() -> bytes:
    tree = by()
    info = tree.find(f"{{{CAP}}}info")
    assert info is not None
    tree.append(deepcopy(info))
    return written(tree)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(alert, "signature_missing", id="no signature"),
        pytest.param(changed, "signature_invalid", id="one word changed"),
        pytest.param(
            lambda: written(by(STRANGER)), "signature_invalid", id="somebody whose certificate is inside"
        ),
        pytest.param(added_beside, "signature_invalid", id="a second info"),
        pytest.param(deeper, "signature_missing", id="a signature deeper in the alert"),
        pytest.param(wrapped_in_extension, "signature_partial", id="wrapped in an extension"),
        pytest.param(wrapped_in_object, "signature_invalid", id="wrapped in the signature"),
        pytest.param(signs_a_part, "signature_partial", id="over the info alone"),
    ],
)
def test_what_does_not_count(raw: Callable[[], bytes], reason: str) -> None:
    assert refused(raw()) == reason


@pytest.mark.parametrize(
    "comment",
    [b"<identifier>5002<!-- -->2441600000_20260727031200", b"<identifier><?x y?>50022441600000_20260727031200"],
)
def test_a_comment_in_a_text_cuts_nothing_short(comment: bytes) -> None:
    raw = written(by()).replace(b"<identifier>50022441600000_20260727031200", comment)
    found = signed(raw, PINS, NOW)
    assert identifier(found.raw) == "50022441600000_20260727031200"


def test_a_certificate_counts_at_the_time_of_receipt() -> None:
    pins, raw = Pins((EXPIRED.certificate,)), written(by(EXPIRED))
    assert refused(raw, pins) == "signature_expired"
    then = NOW - timedelta(days=600)
    assert signed(raw, pins, then).refused == (), "it came while the certificate was valid"
    assert refused(raw, pins, NOW - timedelta(days=900)) == "signature_expired", "nor before it began"


def test_an_expired_certificate_of_somebody_else_is_not_the_reason() -> None:
    pins = Pins((EXPIRED.certificate, BUREAU.certificate))
    assert refused(changed(), pins) == "signature_invalid"
    assert signed(written(by()), pins, NOW).refused == ()


def test_issuer_and_relay_both_sign() -> None:
    both = RELAY.sign(by())
    assert len(both.findall(SIGNATURE)) == 2
    for who in (BUREAU, RELAY):
        found = signed(written(both), Pins((who.certificate,)), NOW)
        assert found.refused == (), f"by the certificate of {who.certificate.subject}"
        assert identifier(found.raw) == "50022441600000_20260727031200"
    assert refused(written(both), Pins((STRANGER.certificate,))) == "signature_invalid"


def test_an_id_that_is_no_ncname_is_taken() -> None:
    tree = by()
    signature = tree.find(SIGNATURE)
    assert signature is not None
    signature.set("Id", "NAADS Signature")
    assert signed(written(tree), PINS, NOW).refused == ()


def test_by_id_over_the_alert_itself() -> None:
    tree = BUREAU.sign(with_id(parsed(alert())), reference_uri="real")
    assert signed(written(tree), PINS, NOW).refused == ()


def test_sha1_counts_where_it_is_said_to() -> None:
    raw = written(by()).replace(b"xmlenc#sha256", b"09/xmldsig#sha1")
    assert refused(raw) == "signature_weak"
    assert refused(raw, Pins((BUREAU.certificate,), sha1=True)) == "signature_invalid"


def test_of_several_alerts_the_signed_ones_are_left() -> None:
    one, two = by(raw=alert("one")), parsed(alert("two"))
    raw = (
        b"<alerts>"
        + etree.tostring(one)
        + etree.tostring(two)
        + etree.tostring(by(raw=alert("three")))
        + b"</alerts>"
    )
    found = signed(raw, PINS, NOW)
    assert [refusal.reason for refusal in found.refused] == ["signature_missing"]
    assert [child.findtext(f"{{{CAP}}}identifier") for child in parsed(found.raw)] == ["one", "three"]


@pytest.mark.parametrize("raw", [b"{}", b"<!DOCTYPE a><a/>", b"<alert>"], ids=["no XML", "a DOCTYPE", "cut off"])
def test_the_guard_stands_before_the_signature(raw: bytes) -> None:
    with pytest.raises(RefusedWarning):
        signed(raw, PINS, NOW)


def test_certificates_from_files() -> None:
    assert len(certificates(BUREAU.pem + RELAY.pem)) == 2
    from cryptography.hazmat.primitives.serialization import Encoding

    assert certificates(BUREAU.certificate.public_bytes(Encoding.DER)) == [BUREAU.certificate]
    with pytest.raises(ValueError, match="certificate|ASN|parsing"):
        certificates(b"nothing")
