"""One node of Apache Kafka (KRaft: broker and controller in one process), on loopback, for the tests.

    python tests/kafka/apache_kafka.py fetch

puts its jars beside this file with Maven. Without them, or without Java, the tests that want them are skipped.
"""

from __future__ import annotations

import base64
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path

HERE = Path(__file__).parent
JARS = HERE / "jars"
HOST = "127.0.0.1"
SECONDS = 120
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/logs
num.partitions=3
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""
"""One node can promise little more than that a killed process loses nothing of what it took: the kernel has it."""


def missing() -> str | None:
    """Why there can be no broker; None where there can."""
    if not shutil.which("java"):
        return "no Java: Apache Kafka is not tested against"
    if not list(JARS.glob("kafka_*.jar")):
        return "no jars of Apache Kafka: python tests/kafka/apache_kafka.py fetch"
    return None


def fetch() -> None:
    """Bring the jars with Maven; raise CalledProcessError where that is not possible."""
    if missing() is not None:
        copy_jars(HERE)


def copy_jars(folder: Path) -> None:
    """Bring what the pom.xml of a folder names into its folder `jars`; raise CalledProcessError."""
    copy = ("dependency:copy-dependencies", f"-DoutputDirectory={folder / 'jars'}", "-DincludeScope=runtime")
    subprocess.run(
        ["mvn", "--batch-mode", "--quiet", "-Dstyle.color=never", "--file", str(folder / "pom.xml"), *copy],
        check=True,
    )


class ApacheKafka:
    """A broker in a folder. Killed and started again it has what it had, at the same address."""

    def __init__(self, folder: Path, port: int, controller: int) -> None:
        """Write its settings and format its log."""
        self.folder = folder
        self.address = f"{HOST}:{port}"
        self._settings = folder / "server.properties"
        values = {"host": HOST, "port": port, "controller": controller, "folder": folder}
        self._settings.write_text(_SETTINGS.format(**values))
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self._run("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._settings)).wait(SECONDS)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it answers some seconds later."""
        self._process = self._run("kafka.Kafka", str(self._settings))

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(SECONDS)
            self._process = None

    def _run(self, *program: str) -> subprocess.Popen[bytes]:
        quick = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
        with (self.folder / "broker.log").open("ab") as log:
            return subprocess.Popen(
                ["java", *quick, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{JARS}/*", *program],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


if __name__ == "__main__":
    if sys.argv[1:] != ["fetch"]:
        sys.exit(__doc__)
    fetch()
