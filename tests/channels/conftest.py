"""Let pytest explain failed assertions of the shared promises, and open the loopback of an isolated child."""

from __future__ import annotations

import os

import pytest

pytest.register_assert_rewrite("tests.channels.conformance")


def pytest_configure() -> None:
    from tests.channels.conformance import ISOLATED, loopback

    if os.environ.get(ISOLATED):
        loopback(up=True)
