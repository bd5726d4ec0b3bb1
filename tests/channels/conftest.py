"""Leave out promises that a kind of gateway cannot make, and open the loopback of an isolated child."""

from __future__ import annotations

import os
from typing import Any

import pytest


def pytest_configure() -> None:
    from tests.channels.conformance import ISOLATED, loopback

    if os.environ.get(ISOLATED):
        loopback(up=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the promises that the kind of gateway under test cannot make, and count them as deselected."""
    kept, left = [], []
    for item in items:
        (kept if _promised(item) else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def _promised(item: pytest.Item) -> bool:
    peer: Any = getattr(getattr(item, "cls", None), "make_peer", None)
    if peer is None:
        return True
    kinds = ("receipts", "replies", "network")
    able = {*peer.answers, *(kind for kind in kinds if getattr(peer, f"has_{kind}"))}
    marked = {mark.args[0] for mark in item.iter_markers("promise")}
    played = {getattr(item, "callspec", None) and item.callspec.params.get("answer")} - {None}
    return marked | played <= able
