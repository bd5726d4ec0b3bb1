"""Keys, certificates and signed alerts, made on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod, XMLSigner  # type: ignore[attr-defined]

NOW = datetime(2026, 7, 27, 3, 30, tzinfo=UTC)
CAP = "urn:oasis:names:tc:emergency:cap:1.2"


@dataclass(frozen=True)
class Signer:
    """Somebody with a key and a certificate of their own."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def sign(self, alert: etree._Element, **options: object) -> etree._Element:
        signer = XMLSigner(
            signature_algorithm=SignatureMethod.ECDSA_SHA256, digest_algorithm=DigestAlgorithm.SHA256
        )
        return signer.sign(alert, key=self.key, cert=[self.certificate], **options)


def signer(name: str = "铜梁区气象局", begins: datetime = NOW - timedelta(days=300), days: int = 600) -> Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return Signer(key, certificate)


def alert(identifier: str = "50022441600000_20260727031200", severity: str = "Red", event: str = "暴雨") -> bytes:
    """An alert for Tongliang, unsigned."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="{CAP}">
  <identifier>{identifier}</identifier><sender>铜梁区气象局</sender><sent>2026-07-27T11:12:00+08:00</sent>
  <status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
  <info><language>zh-CN</language><category>Met</category><event>{event}</event><urgency>Immediate</urgency>
    <severity>{severity}</severity><certainty>Likely</certainty><headline>铜梁区气象局发布{event}红色预警</headline>
    <description>铜梁区气象局发布{event}红色预警信号。</description>
    <area><areaDesc>铜梁区</areaDesc><geocode><valueName>c</valueName><value>500151</value></geocode></area>
  </info>
</alert>""".encode()


def parsed(raw: bytes) -> etree._Element:
    return etree.fromstring(raw)


def written(element: etree._Element) -> bytes:
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8")
