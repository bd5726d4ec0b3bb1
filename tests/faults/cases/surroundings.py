"""Names, certificates, passwords, memory, versions: what an engine stands on besides its database and its gateways."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import resource
import socket
import struct
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.faults import oracles
from tests.faults.cases.dying import some, warned
from tests.faults.cases.lines import seen_by_people, shell
from tests.faults.district import ALL
from tests.faults.processes import HOST, until, within
from tests.faults.registry import fault
from tests.faults.stage import Stage
from tests.faults.verdict import hold


class Names(asyncio.DatagramProtocol):
    """A name server for one name, which can be made to forget it, to answer nothing in it, or to take its time."""

    def __init__(self) -> None:
        self.mode = "good"
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.asked += 1
        delay = 5 if self.mode == "slow" else 0
        asyncio.get_running_loop().call_later(delay, self._answer, data, address)

    def _answer(self, data: bytes, address: tuple[str, int]) -> None:
        end = data.index(0, 12) + 5
        question, kind = data[12:end], struct.unpack(">H", data[end - 4 : end - 2])[0]
        found = self.mode in ("good", "slow") and kind == 1
        code = 3 if self.mode == "nxdomain" else 0
        answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 1, 4) + socket.inet_aton(HOST) if found else b""
        head = data[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, int(found), 0, 0)
        self.transport.sendto(head + question + answer, address)  # type: ignore[attr-defined]


@fault(52)
async def names_fail(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp(settings={"host": "gateway.test"})
    resolver = stage.folder / "resolv.conf"
    resolver.write_text(f"nameserver {HOST}\noptions timeout:2 attempts:1\n")
    await shell("mount", "--bind", str(resolver), "/etc/resolv.conf")
    _, names = await asyncio.get_running_loop().create_datagram_endpoint(Names, local_addr=(HOST, 53))
    engine = await stage.running()
    said = []
    for n, mode in enumerate(("nxdomain", "empty", "slow")):
        names.mode = mode
        await line.tell(do="cut")
        await asyncio.sleep(0.5)  # the session that was cut must be noticed before the next order
        await warned(engine, stage.bureau.warning("red", ALL[n * 9 : n * 9 + 9]))
        wanted = stage.people.called("red", ALL[n * 9 : n * 9 + 9])
        began = time.monotonic()

        async def all_have(wanted: set[str] = wanted) -> bool:
            return wanted <= {one.to for one in oracles.copies(line.submits()) if one.whole}

        done = await within(all_have, 20)
        said.append(
            f"{mode}: {'sent after %.1f s' % (time.monotonic() - began) if done else 'nothing within 20 s'}"
        )
    names.mode = "good"
    await oracles.i12_healthy(engine)
    held = await oracles.all_hold(stage, stage.people.called("red", ALL[:27]))
    hold(
        not any("nothing" in one for one in said),
        f"connection cut while the name server is wrong: {', '.join(said)}; then {held}",
    )
    return f"connection cut while the name server is wrong: {', '.join(said)}; {held}"


def certificate(folder: Path, name: str, days: int, host: str) -> tuple[Path, Path]:
    """A self-signed certificate that begins ten days ago and ends after so many days, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    begins = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=10)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=10 + days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


@fault(53)
async def certificates(stage: Stage) -> str:
    await stage.database()
    for name, days, host in (
        ("expired", -1, "localhost"),
        ("stranger", 30, "gateway.example"),
        ("good", 30, "localhost"),
    ):
        cert = certificate(stage.folder, name, days, host)
        settings = {"tls": True, "ca_file": str(cert[0]), "host": "localhost"}
        await stage.smpp(name, cert=cert, settings=settings)
    engine = stage.engine()
    await engine.start(ready=False)

    async def good_is_up() -> bool:
        problems = await engine.problems() or {}
        return "good" not in problems and {"expired", "stranger"} <= set(problems)

    await until("the one good line to be up, and the others to be told", good_is_up, tail=engine.child)
    await warned(engine, stage.bureau.warning("red"))
    said = await oracles.all_hold(stage, stage.people.called("red"))
    wrong = [one for one in stage.submits() if one["line"] != "good"]
    hold(not wrong, f"{len(wrong)} parts were given to a gateway with a wrong certificate")
    binds = sum(one["what"] == "bind" for gateway in stage.gateways[:2] for one in gateway.lines())
    hold(binds == 0, f"{binds} logins were given to a gateway with a wrong certificate")
    return f"expired and of another host: both refused before the login and told on /readyz, all texts by the third; {said}"


@fault(54)
async def credentials_revoked(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp()
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red", ALL[:14]))
    await stage.settled()
    await line.tell(refuse_bind=True, do="cut")
    told = await seen_by_people(engine, "line")
    await warned(engine, stage.bureau.warning("red", ALL[14:]))
    at = sum(one["what"] == "bind" for one in line.lines())
    await asyncio.sleep(8)  # the loop that must not be
    knocks = sum(one["what"] == "bind" for one in line.lines()) - at
    hold(told, "refused logins are told nowhere")
    hold(knocks <= 8, f"{knocks} logins in 8 s")
    await line.tell(refuse_bind=False)
    healthy = await within(engine.ready, 70)
    hold(healthy, "not back 70 s after the login is good again")
    said = await oracles.all_hold(stage, stage.people.called("red"))
    return f"login refused: told as “{told[:60]}”, {knocks} logins in 8 s; allowed again: back by itself; {said}"


@fault(55)
async def files_run_out(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp(each=0.01, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    await some(stage, 10)
    before = oracles.size(engine)
    _, most = resource.prlimit(engine.child.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(engine.child.pid, resource.RLIMIT_NOFILE, (before.files + 12, most))
    crowd = []
    for _ in range(120):
        with contextlib.suppress(OSError, TimeoutError):
            crowd.append(await asyncio.wait_for(asyncio.open_connection(HOST, engine.port), 1))
    status = await engine.warn(stage.bureau.warning("red", ALL[:1]))
    wanted = stage.people.called("red")

    async def all_have() -> bool:
        return wanted <= {one.to for one in oracles.copies(line.submits()) if one.whole}

    sent = await within(all_have, 40)
    have = len(wanted & {one.to for one in oracles.copies(line.submits()) if one.whole})
    hold(engine.child.running, f"the engine ended:\n{engine.child.tail(4)}")
    resource.prlimit(engine.child.pid, resource.RLIMIT_NOFILE, (most, most))
    for _, writer in crowd:
        writer.transport.abort()
    hold(sent, f"{have} of 112 texts went out while files had run out")
    healthy = await oracles.i12_healthy(engine)
    said = await oracles.all_hold(stage, wanted)
    return f"{before.files} files open, 12 more allowed, 120 connections come: a warning was answered {status}, all texts went out, {healthy}; {said}"


@fault(56)
async def loop_held_up(stage: Stage) -> str:
    await stage.database()
    await stage.smpp(each=0.01, answer=7)
    stage.settings["dispatch"] = {"lease_seconds": 12, "grace_seconds": 1.5}
    engine = await stage.running()
    await warned(engine, stage.bureau.warning("red"))
    await some(stage, 20)
    engine.child.freeze()
    await asyncio.sleep(5)  # the fault
    engine.child.thaw()

    async def told() -> float:
        return max((await engine.metric("ews_eventloop_lag_seconds")).values(), default=0.0) >= 4

    lag = await within(told, 10)
    said = await oracles.all_hold(stage, stage.people.called("red"))
    lost = (await engine.metric("ews_lease_lost_total")).get("", 0)
    hold(lag, "a loop that stood for 5 s is told nowhere")
    return f"the process stood for 5 s in mid-load: lag told, {lost:.0f} leases lost; {said}"


@fault(57)
async def listener_killed(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp()
    brain = await stage.running(roles="ingest,ladder,console")
    await stage.running("sender", roles="dispatch")
    killed, waits = 0, []
    for n in range(4):
        killed += len(
            await stage.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%'"
            )
        )
        at = len(line.submits())
        await warned(brain, stage.bureau.warning("red", ALL[n * 7 : n * 7 + 7]))
        await some(stage, at + 1)
        first = line.submits()[at]["at"]
        made = await stage.value(
            "SELECT extract(epoch FROM max(due))::float8 FROM chunk WHERE purpose = 'first' AND channel = 'sms'"
        )
        waits.append(first - made)
        await stage.settled()
    said = await oracles.all_hold(stage, stage.people.called("red"))
    hold(max(waits) <= 2, f"{killed} listeners killed, work found after {max(waits):.2f} s")
    return f"{killed or 'no'} listening connections killed: work of another process found after {max(waits):.2f} s at most; {said}"


class Ear:
    """What hears the sign of life, on another machine in earnest."""

    def __init__(self) -> None:
        self.heard: list[float] = []

    async def listen(self) -> str:
        async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            self.heard.append(time.monotonic())
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(served, HOST, 0)
        return f"http://{HOST}:{server.sockets[0].getsockname()[1]}/"


@fault(62)
async def board_down(stage: Stage) -> str:
    await stage.database()
    line = await stage.smpp(each=0.01, answer=5)
    stage.settings["dispatch"] = {"lease_seconds": 9, "grace_seconds": 1.5}
    ear = Ear()
    alive = {"url": await ear.listen(), "every_seconds": 1}
    brain = await stage.running(roles="ingest,ladder", alive=alive)
    console = await stage.running("console", roles="console")
    await stage.running("sender", roles="dispatch")
    await warned(console, stage.bureau.warning("red"))
    await some(stage, 20)
    await console.child.kill()
    at = len(line.submits())
    said = await oracles.all_hold(stage, stage.people.called("red"))
    hold(brain.child.running, "the ladder ended with the board")

    async def beats() -> bool:
        return len(ear.heard) >= 2

    hold(await within(beats, 20), f"console killed with {at} parts out: {said}; but no sign of life goes out")
    brain.child.freeze()
    await asyncio.sleep(4)  # what must be heard is silence
    silent = time.monotonic() - ear.heard[-1]
    brain.child.thaw()
    hold(silent > 3, f"a sign of life {silent:.1f} s after the engine had stopped")
    return f"console killed with {at} parts out: {said}; a sign of life each second, none while the engine stands"
