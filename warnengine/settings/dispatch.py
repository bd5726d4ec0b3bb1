"""The gateways that texts leave by, and the bounded send."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from warnengine.settings.online import ExtraGateway, MqttGateway, PushGateway, SmtpGateway, WecomGateway
from warnengine.settings.section import Section
from warnengine.settings.sms import CmppGateway, HttpGateway, SmppGateway
from warnengine.settings.voice import VoiceGateway

AnyGateway = Annotated[
    SmppGateway
    | CmppGateway
    | HttpGateway
    | VoiceGateway
    | SmtpGateway
    | PushGateway
    | MqttGateway
    | WecomGateway
    | ExtraGateway,
    Field(discriminator="kind"),
]


class Dispatch(Section):
    """The bounded send: lease > connect + answer + grace, checked at start."""

    lease_seconds: float = 24
    """Whoever starts again after a crash waits so long for what the dead one held: first send within 30 s."""
    grace_seconds: float = 8
    intent_batch: int | None = Field(default=None, ge=1, le=500)
    """Intents committed together; absent: the gateway's window; fewer where it is slow. What was intended and has
    no outcome is in doubt after a crash: two such batches of each gateway at most, and one of reds."""
    silent_after_seconds: float = 120
    """Accepted and no receipt for so long: silent."""
    line_seconds: float = Field(default=15, ge=9, le=20)
    """The lease of a line that one process at a time may bind: after a crash another engine has it so late."""
    confirmed_after_seconds: float = 40
    """By then nearly every receipt has come; a gateway of which none has is a black hole."""
