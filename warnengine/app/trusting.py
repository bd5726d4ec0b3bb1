"""What the settings ask of each source, with the certificates read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from warnengine.ingest.signature import Pins, certificates
from warnengine.ingest.trust import Trust
from warnengine.model.errors import StartRefused
from warnengine.model.finding import did_you_mean
from warnengine.settings import Settings
from warnengine.settings import Trust as Asked


def trusts(settings: Settings) -> Callable[[str], Trust]:
    """What is asked of a source, by its name; StartRefused where a name or a certificate is wrong."""
    known = source_names(settings)
    for name in settings.trust:
        if name not in known:
            raise StartRefused(f"trust: there is no source {name}: {did_you_mean(name, known)}")
    found = {name: _trust(name, asked) for name, asked in settings.trust.items()}
    usual = _trust("", Asked())
    return lambda source: found.get(source, usual)


def source_names(settings: Settings) -> frozenset[str]:
    """Every name under which messages are booked."""
    kafka = {settings.kafka.source} if settings.kafka else set()
    named = {source.name for source in settings.sources} | {feed.name for feed in settings.feeds}
    return frozenset({"spool", "command"}) | kafka | named


def _trust(name: str, asked: Asked) -> Trust:
    window = timedelta(hours=asked.window_hours)
    if asked.signature == "off":
        return Trust(window=window)
    pinned = tuple(one for file in asked.certificates for one in _read(name, file))
    return Trust(Pins(pinned, asked.sha1), asked.signature == "require", window)


def _read(name: str, file: Path) -> list[x509.Certificate]:
    try:
        return list(certificates(file.read_bytes()))
    except (OSError, ValueError) as error:
        raise StartRefused(
            f"trust.{name}: {file} is no certificate that can be read ({error}): "
            "name a PEM or DER file of who signs"
        ) from error
