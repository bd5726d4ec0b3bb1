"""What the vendors' adapters make of a marked text."""

from __future__ import annotations

import base64
import json

import pytest

from tests.drill.test_sides import outgoing
from warnengine.dispatch.channels.sms_profiles import _yunmas_request

SIGNED = {
    "a drill": ("【演练】【铜梁应急】暴雨红色【演练】", "【演练】暴雨红色【演练】"),
    "a drill without a signature": ("【演练】暴雨红色【演练】", "【演练】暴雨红色【演练】"),
    "live": ("【铜梁应急】暴雨红色", "暴雨红色"),
}


@pytest.mark.parametrize(("short", "content"), SIGNED.values(), ids=SIGNED)
def test_a_platform_that_signs_by_itself_keeps_the_mark(short: str, content: str) -> None:
    values = {"ecName": "e", "apId": "a", "secretKey": "k", "sign": "s"}
    body = _yunmas_request(values, outgoing("+8613800000000", short), "8613800000000").body
    assert json.loads(base64.b64decode(body))["content"] == content
