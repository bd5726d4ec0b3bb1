"""An SMS centre that speaks SMPP 3.4 with the server of the library smpp34."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

import smpp34

from warnengine.demo import phones
from warnengine.demo.gateways.owed import Owed, unreceipted, until
from warnengine.demo.gateways.short_message import Reassembly, e164, national, part_of
from warnengine.demo.relay import HOST, Relay, free_port
from warnengine.demo.scenario import BEIJING
from warnengine.demo.sink import Entry, Sink

UDHI = 0x40
RECEIPT = 0x04
"""Bits of esm_class, SMPP 3.4 §5.2.12."""
RECEIPTED_MESSAGE_ID, MESSAGE_PAYLOAD, MESSAGE_STATE = 0x001E, 0x0424, 0x0427
"""Tags, §5.3.2."""
DELIVERED, UNDELIVERABLE = 2, 5
"""message_state of SMPP 3.4 §5.2.28, of a receipt."""


class Smsc:
    """Takes submit_sm part by part, reports the fate of each part, hands over replies."""

    name = "smpp"

    def __init__(self, sink: Sink, read: Callable[[Entry], None]) -> None:
        """`read` is told of every whole message that reached a phone."""
        self.relay = Relay()
        self._sink = sink
        self._read = read
        self._owed = Owed()
        self._sessions: dict[str, tuple[int, smpp34.Esme]] = {}
        self._connections = count(1)
        self._parts = Reassembly()

    @property
    def busy(self) -> int:
        """Receipts that the engine has not confirmed."""
        return len(self._owed)

    async def start(self, port: int) -> None:
        """Listen; take up the receipts that an earlier process still owed."""
        self._server = await _serve()
        self.relay.target = self._server[1]
        await self.relay.start(port)
        for entry in unreceipted(self._sink.earlier, self.name):
            self._owe_receipt(entry)

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            event = await self._server[0].next()
            if isinstance(event, smpp34.Esme):
                self._sessions[event.session_id] = (next(self._connections), event)
            elif isinstance(event, smpp34.SubmitSmEvent):
                self._submitted(event)
            else:
                self._sessions.pop(event.session_id, None)

    async def say(self, number: str, ours: str, text: str) -> None:
        """Hand over a reply of that person; returns once the engine has confirmed it."""
        body = text.encode("utf-16-be")
        await until(lambda: self._deliver(source_addr=national(number), to=ours, body=body, data_coding=8))

    def _submitted(self, event: smpp34.SubmitSmEvent) -> None:
        connection = self._sessions[event.session_id][0]
        to = e164(event.destination_addr)
        body = event.short_message or next((tlv.value for tlv in event.tlvs if tlv.tag == MESSAGE_PAYLOAD), b"")
        part = part_of(body, event.data_coding, has_header=bool(event.esm_class & UDHI))
        provider_id = secrets.token_hex(6)
        common = {
            "connection": connection,
            "from": event.source_addr,
            "parts": part.of,
            "fate": "undelivered" if phones.dead(to) else "delivered",
        }
        entry = self._sink.write(
            self.name, "part", to, text=part.text, part=part.number, ids=[provider_id], **common
        )
        whole = self._parts.add((connection, to), part, provider_id)
        if whole:
            message = self._sink.write(self.name, "message", to, text=whole[0], ids=whole[1], **common)
        event.accept(provider_id)
        if event.registered_delivery & 1:
            self._owe_receipt(entry)
        if whole and not phones.dead(to):
            self._read(message)

    def _owe_receipt(self, part: Entry) -> None:
        provider_id, to, ok = part["ids"][0], part["to"], part["fate"] == "delivered"
        stat = "DELIVRD" if ok else "UNDELIV"
        day = f"{datetime.now(UTC).astimezone(BEIJING):%y%m%d%H%M}"
        text = (
            f"id:{provider_id} sub:001 dlvrd:00{int(ok)} submit date:{day} done date:{day} "
            f"stat:{stat} err:{'000' if ok else '001'} text:"
        )
        state = DELIVERED if ok else UNDELIVERABLE
        tlvs = [
            smpp34.Tlv(RECEIPTED_MESSAGE_ID, provider_id.encode() + b"\0"),
            smpp34.Tlv(MESSAGE_STATE, bytes([state])),
        ]
        self._owed.add(
            lambda: self._deliver(
                source_addr=to.lstrip("+"), to=part["from"], body=text.encode(), esm_class=RECEIPT, tlvs=tlvs
            ),
            lambda: self._sink.write(self.name, "receipt", to, ids=[provider_id], fate=stat),
        )

    async def _deliver(
        self,
        *,
        source_addr: str,
        to: str,
        body: bytes,
        data_coding: int = 0,
        esm_class: int = 0,
        tlvs: list[smpp34.Tlv] | None = None,
    ) -> bool:
        """Send one deliver_sm by any session; False where there is none, it broke off, or the engine refused."""
        session = next((esme for _, esme in self._sessions.values() if esme.can_receive), None)
        if session is None:
            return False
        try:
            answer = await session.deliver_sm(
                to,
                body,
                source_addr=source_addr,
                data_coding=data_coding,
                esm_class=esm_class,
                tlvs=tlvs or [],
            )
        except smpp34.SmppError:
            return False
        return answer.is_success


async def _serve() -> tuple[smpp34.Server, int]:
    """A listening server and its port; the library takes no port 0, so a lost race is run again."""
    while True:
        port = free_port()
        server = smpp34.Server(HOST, port, system_id="demo", inbound_capacity=100_000)
        try:
            await server.start()
        except smpp34.SmppError as error:
            if "in use" not in str(error):
                raise
        else:
            return server, port
