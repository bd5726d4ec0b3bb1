"""All faults of the matrix: what is broken, what must hold, what the machine must have."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.faults.stage import Stage

FAKETIME = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
)


@dataclass(frozen=True)
class Fault:
    """One row of the matrix."""

    number: int
    name: str
    must_hold: str
    needs: tuple[str, ...] = ()
    """strace, namespace, tmpfs, faketime, java."""

    @property
    def core(self) -> bool:
        """Whether CI runs it."""
        return self.number in CORE


FAULTS = (
    Fault(
        1,
        "kill between the gateway's answer and its record",
        "I1 I3, the attempt shows unknown",
        ("strace",),
    ),
    Fault(2, "kill between intent and write", "the row goes again, one copy", ("strace",)),
    Fault(3, "kill at random under load, many times", "I1–I3; copies ≤ window for each kill"),
    Fault(4, "SIGTERM under load", "no second copy, exit ≤ 10 s"),
    Fault(5, "worker frozen past its lease, then continued", "no send after the lease; I4"),
    Fault(6, "the same while the all-clear is issued", "I4"),
    Fault(
        7,
        "partition after the write, healed later",
        "nothing arrives after the deadline",
        ("namespace",),
    ),
    Fault(8, "the answer is lost", "unknown, and its policy followed"),
    Fault(
        9,
        "the gateway takes it and answers long after the limit",
        "unknown, then the late receipt counts; I3",
    ),
    Fault(10, "slow gateway", "back-pressure, red first"),
    Fault(11, "the gateway refuses half (throttled)", "tried again with pauses, nothing lost"),
    Fault(12, "the gateway refuses for good", "failed, the other channel or provider, a page"),
    Fault(13, "black hole: taken, no receipts", "an alarm, and another way"),
    Fault(14, "black hole for one prefix only", "an alarm that names the prefix"),
    Fault(15, "receipt before the answer to the submit", "matched, delivered"),
    Fault(16, "receipts twice, reordered, contradicting", "evidence only rises, delivered wins"),
    Fault(
        17, "receipt of an unknown id, hex and decimal, ids used again", "parked or refused, none counted wrongly"
    ),
    Fault(18, "receipts of an earlier session after a reconnect", "matched"),
    Fault(19, "reset in mid-PDU, sliced bytes", "no loss of the frame, I3"),
    Fault(20, "gateway half-open (stopped)", "given up after its time, circuit opens, second gateway"),
    Fault(21, "both gateways down", "a page ≤ 2 min, then drained by priority, nothing expired is sent"),
    Fault(22, "thousands of blues queued, one red", "all reds before the next blue"),
    Fault(23, "order expires in the queue", "never sent, a page"),
    Fault(24, "update in mid-fan-out", "nothing old begins after the commit; all get the new"),
    Fault(25, "cancel in mid-fan-out", "who may have been reached = who gets the all-clear"),
    Fault(26, "restart in mid-expansion", "exactly the expected people"),
    Fault(27, "backends terminated in mid-commit", "nothing assumed, read again"),
    Fault(28, "postmaster killed", "recovers, I1–I3, ≤ 30 s"),
    Fault(29, "fdatasync answers EIO", "an unknown commit is handled", ("strace",)),
    Fault(30, "database frozen", "time limits, no pile-up, health red"),
    Fault(31, "database unreachable (packets dropped)", "no sends without intent; goes on", ("namespace",)),
    Fault(32, "failover to the standby", "what was in flight is unknown; copies explained"),
    Fault(33, "disk full (data)", "503, what was acknowledged is stored, the queue still goes out", ("tmpfs",)),
    Fault(34, "disk full (WAL)", "stops and says so, restarts clean", ("tmpfs",)),
    Fault(35, "server without fsync and other unsafe settings", "refuses to start"),
    Fault(36, "Kafka broker killed", "goes on, no loss and no second send", ("java",)),
    Fault(37, "rebalance storms", "each warning expanded once", ("java",)),
    Fault(38, "commit of the offset fails after the work", "comes again, no new sends", ("java",)),
    Fault(39, "offsets set to 0", "no sends", ("java",)),
    Fault(40, "one warning by Kafka, HTTP and file", "one order", ("java",)),
    Fault(41, "same identifier, other text", "kept apart, an alarm"),
    Fault(42, "poison among good warnings", "the good ones go, the poison is kept apart"),
    Fault(43, "warnings out of order, all permutations", "the same final state; what is cancelled is never sent"),
    Fault(44, "file half written, renamed, twice", "whole files only, once"),
    Fault(45, "feed down, stale, serving old", "an alarm that nothing comes, nothing issued again"),
    Fault(46, "wall clock +10 min and −10 min", "no early expiry or escalation, an alarm", ("faketime",)),
    Fault(47, "engine and database 5 min apart", "the database's clock decides", ("faketime",)),
    Fault(48, "daylight saving, leap day, end of the year", "timers right"),
    Fault(49, "escalation timers on three replicas", "each step once"),
    Fault(50, "acknowledgement races escalation", "never two acknowledgements"),
    Fault(51, "one acknowledgement 1,000 times at once", "one acknowledgement"),
    Fault(
        52, "name of the gateway not found, empty, slow", "sends go on with the last good address", ("namespace",)
    ),
    Fault(53, "certificate expired or of another host", "refused, told, the other provider"),
    Fault(54, "credentials revoked", "told, no loop"),
    Fault(55, "files or memory run out", "sheds what comes in, keeps sending"),
    Fault(56, "event loop held up for 5 s", "told, lease safe"),
    Fault(57, "listening connection killed", "work is found ≤ 1 s by asking"),
    Fault(58, "upgrade with orders in flight, old and new together", "I1–I4"),
    Fault(59, "last backup restored", "no old order sent again; the chain verifies"),
    Fault(60, "two engines on one data folder", "the second is refused"),
    Fault(
        61,
        "audit row edited, deleted, exchanged, tail cut",
        "verify names the row; the cut tail found by the anchor",
    ),
    Fault(62, "figures and board down", "sending goes on; the dead man's switch fires"),
    Fault(63, "hours of twice the load with faults at random", "I1–I12"),
)
CORE = frozenset({*range(1, 9), 11, *range(14, 21), *range(23, 27), 28, 35, 42, 50, 60})
"""What CI runs within a quarter of an hour: what must never break again."""
Case = Callable[[Stage], Awaitable[str]]
CASES: dict[int, Case] = {}


def fault(number: int) -> Callable[[Case], Case]:
    """Register the script of a fault."""

    def register(case: Case) -> Case:
        assert number not in CASES
        CASES[number] = case
        return case

    return register


def faketime() -> str:
    """The library that tells another time; empty where there is none."""
    return next((file for file in FAKETIME if Path(file).exists()), "")


@cache
def missing(need: str) -> str:
    """Why this machine cannot do it; empty where it can."""
    match need:
        case "strace":
            return _fails("strace", "-qq", "-f", "-e", "trace=none", "true")
        case "namespace":
            return _fails("unshare", "-n", "sh", "-c", "ip link set lo up && nft list tables")
        case "tmpfs":
            return _fails("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt")
        case "faketime":
            return "" if faketime() else "libfaketime is not installed"
        case "java":
            from tests.kafka.apache_kafka import missing as no_broker

            return no_broker() or ""
    raise AssertionError(need)


def _fails(*command: str) -> str:
    if not shutil.which(command[0]):
        return f"{command[0]} is not installed"
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{' '.join(command)}: {ran.stderr.strip()[:120]}" if ran.returncode else ""
