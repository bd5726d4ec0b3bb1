"""The lines that call, and what there is to say of a vendor of voice calls."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from warnengine.settings.gateway import HttpLine, Refusal
from warnengine.settings.section import Section


class VoiceReport(Section):
    """What a vendor of voice calls reports; names of fields lead into objects by a dot."""

    call_id: str
    """The vendor's own id of the call."""
    call: str
    """What the request sent as {call}."""
    callee: str = ""
    result: str
    results: dict[str, Literal["heard", "in_part", "in_vain"]]
    """heard: to the end; in_part: hung up before it. What stands here nowhere tells nothing."""
    key: str
    """The keys that were pressed; 1 and 3 are what the spoken text names."""
    confirmation: str = ""
    """JSON that a report is answered with; empty: nothing."""


class VoiceVendor(Section):
    """How a vendor of voice calls is asked and what it answers and reports.

    The closed slots of headers and body are {number} (8613…), {national} (13…), {text}, {call} (comes back in the
    reports), {dedupe_id}, {expires_in} (seconds) and {urgent}; any other name is looked up in the gateway's
    `values`, the id of the vendor's template among them.
    """

    path: str = ""
    """Put behind the gateway's address."""
    headers: dict[str, str] = {}
    body: dict[str, Any]
    """Sent as JSON; where the request is signed, as a form."""
    signed: Literal["", "aliyun"] = ""
    """aliyun: HMAC-SHA1 over the form, with the values access_key_id and access_key_secret."""
    call_id: str
    """Where an answer names the call."""
    code: str = ""
    """Where an answer says whether the call was taken; empty: its HTTP status says so."""
    taken: str = ""
    """The code of a call that was taken."""
    refusals: dict[str, Refusal] = {}
    """What other codes mean; what stands here nowhere may be tried again."""
    statuses: dict[int, Refusal] = {}
    """HTTP statuses that mean something else than usual."""
    report: VoiceReport


class VoiceGateway(HttpLine):
    """A line that calls, speaks a text and takes a key, for the step `voice` of the ladder."""

    kind: Literal["voice"]
    profile: str | VoiceVendor
    """Name of a built-in vendor (aliyun, json), or all that there is to say of another one."""
    call_seconds: float = Field(default=90, ge=0)
    """How long a call may last: until its end is reported, or for so long, its number gets no other."""
    pause_seconds: float = Field(default=10, ge=0)
    """Between two calls to one number."""
