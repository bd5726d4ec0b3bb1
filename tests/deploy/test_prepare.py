"""deploy/prepare.sh: secrets that nobody else has, and settings that the engine takes."""

from __future__ import annotations

import csv
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.deploy.files import COMPOSE, PROJECT
from warnengine.app import refuse_unsafe
from warnengine.directory.row import Row
from warnengine.settings import Settings


def prepare(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", "deploy/prepare.sh", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("secrets", "grafana")
    shutil.copytree(PROJECT / "deploy", tmp_path / "deploy", ignore=ignore)
    (tmp_path / "warnengine/demo").mkdir(parents=True)
    shutil.copy(PROJECT / "warnengine/demo/directory.csv", tmp_path / "warnengine/demo")
    return tmp_path


def settings(project: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("WARNENGINE_CONFIG", str(project / "deploy/secrets/warnengine.toml"))
    return Settings()


@pytest.mark.parametrize(("arguments", "installation"), [((), "live"), (("dev",), "demo")])
def test_the_settings_pass(
    project: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], installation: str
) -> None:
    assert prepare(project, *arguments).returncode == 0
    made = settings(project, monkeypatch)
    refuse_unsafe(made)
    assert made.installation == installation
    assert made.database
    password = (project / "deploy/secrets/database_password").read_text()
    assert made.database.get_secret_value() == f"postgresql://warnengine:{password}@database/warnengine"
    assert made.link_key, "several engines need the same one"
    assert made.kafka
    assert made.kafka.bootstrap == "kafka:9092"


def test_every_secret_is_its_own(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(project)
    made = settings(project, monkeypatch)
    assert made.operator_token
    assert made.link_key
    secrets = [
        (project / "deploy/secrets/database_password").read_text(),
        (project / "deploy/secrets/grafana_password").read_text(),
        made.operator_token.get_secret_value(),
        made.link_key.get_secret_value(),
        *(source.token.get_secret_value() for source in made.sources),
    ]
    assert len(set(secrets)) == len(secrets)
    assert all(len(secret) == 48 for secret in secrets)
    assert "@" not in "".join(secrets)


@pytest.mark.parametrize("arguments", [(), ("dev",)])
def test_it_makes_every_file_that_compose_mounts_and_keeps_others_out(
    project: Path, arguments: tuple[str, ...]
) -> None:
    prepare(project, *arguments)
    folder = project / "deploy/secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    wanted = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert {file.name for file in folder.iterdir()} == wanted
    with (folder / "directory.csv").open(encoding="utf-8", newline="") as file:
        columns = csv.DictReader(file).fieldnames or ()
    assert columns == [name for name in Row.model_fields if name in columns], "of the address list, in its order"
    assert arguments or columns == list(Row.model_fields)


def test_secrets_that_exist_are_left_alone(project: Path) -> None:
    prepare(project)
    before = {file.name: file.read_bytes() for file in (project / "deploy/secrets").iterdir()}
    again = prepare(project)
    assert again.returncode == 1
    assert "exists" in again.stderr
    assert {file.name: file.read_bytes() for file in (project / "deploy/secrets").iterdir()} == before


def test_a_profile_that_does_not_exist_makes_nothing(project: Path) -> None:
    assert prepare(project, "prod").returncode == 2
    assert not (project / "deploy/secrets").exists()


def test_without_random_bytes_nothing_is_made(project: Path, tmp_path: Path) -> None:
    """An empty secret would be an open door."""
    few = tmp_path / "few"
    few.mkdir()
    for name in ("sh", "dirname", "tr", "sed", "mkdir", "chmod", "cp"):
        (few / name).symlink_to(shutil.which(name) or name)
    made = subprocess.run(
        ["sh", "deploy/prepare.sh"],
        cwd=project,
        env={"PATH": str(few)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 1
    assert "no random bytes" in made.stderr
    assert not (project / "deploy/secrets").exists()
