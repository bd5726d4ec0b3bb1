"""Issuers that write English say which danger it is in words of their own."""

from __future__ import annotations

import pytest

from tests.core.district import READING
from tests.ingest.conftest import Build
from warnengine.ingest.formats import read


@pytest.mark.parametrize(
    ("event", "hazard"),
    [
        ("Heavy Rain", "rainstorm"),
        ("Rainstorm Warning", "rainstorm"),
        ("Torrential rain", "rainstorm"),
        ("Gale Warning", "gale"),
        ("Strong Winds", "gale"),
        ("Severe Thunderstorm Warning", "thunderstorm"),
        ("Lightning", "lightning"),
    ],
)
def test_an_english_event_is_known(cap: Build, info: Build, event: str, hazard: str) -> None:
    block = info(language="en", event=event, headline=f"Red warning: {event}", code="500151")
    (warning,) = read(cap(block), READING)
    assert {claim.hazard for claim in warning.claims} == {hazard}
