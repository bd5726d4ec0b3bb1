"""docker-compose.yml and the Dockerfile: valid, closed to the outside, complete, at one with the engine."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from pydantic import BaseModel

from tests.deploy.files import COMPOSE, DOCKERFILE, ENGINES, PROJECT, PROMETHEUS, ROLES, SERVICES, Json
from tests.npm import installed
from warnengine import app
from warnengine.rulebook.document.pdf import FONTS
from warnengine.settings import Kafka, Settings

NODE = Path(__file__).parent / "node"
LASTING = {name: one for name, one in SERVICES.items() if one.get("restart") == "unless-stopped"}


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    """The compose specification, from npm's dclint."""
    file = installed(NODE, "dclint") / "schemas/compose.schema.json"
    return jsonschema.Draft7Validator(json.loads(file.read_text(encoding="utf-8")))


def test_the_compose_file_follows_the_specification(schema: jsonschema.Draft7Validator) -> None:
    assert [f"{list(error.path)}: {error.message}" for error in schema.iter_errors(COMPOSE)] == []


def test_the_specification_notices_a_slip_of_the_pen(schema: jsonschema.Draft7Validator) -> None:
    broken = {**COMPOSE, "services": {"database": {**SERVICES["database"], "heathcheck": {}}}}
    assert any("heathcheck" in error.message for error in schema.iter_errors(broken))


def has_health(service: Json) -> bool:
    check = service.get("healthcheck", {})
    if check.get("disable"):
        return False
    return bool(check) or service in ENGINES.values()  # their image has one


@pytest.mark.parametrize(
    ("name", "needs", "condition"),
    [
        (name, needs, how["condition"])
        for name, one in SERVICES.items()
        for needs, how in one.get("depends_on", {}).items()
    ],
)
def test_what_a_service_waits_for_exists_and_can_come_true(name: str, needs: str, condition: str) -> None:
    needed = SERVICES[needs]
    match condition:
        case "service_healthy":
            assert has_health(needed), f"{name} waits for the health of {needs}, which nobody checks"
        case "service_completed_successfully":
            assert needed["restart"] == "no", f"{name} waits for the end of {needs}, which is started again"
        case _:
            pytest.fail(f"{name} waits for {needs} to be {condition}")
    assert set(needed.get("profiles", ())) <= set(SERVICES[name].get("profiles", ())), f"{needs} may be left out"


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_listens_beyond_this_machine(name: str) -> None:
    assert "network_mode" not in SERVICES[name] or SERVICES[name]["network_mode"].startswith("service:")
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), f"{name} publishes {port}"


def test_no_port_is_published_twice() -> None:
    ports = [port.rpartition(":")[0] for one in SERVICES.values() for port in one.get("ports", ())]
    assert len(ports) == len(set(ports))


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_are_files_and_everything_mounted_is_declared(name: str) -> None:
    service = SERVICES[name]
    for secret in service.get("secrets", ()):
        assert (secret if isinstance(secret, str) else secret["source"]) in COMPOSE["secrets"]
    for volume in service.get("volumes", ()):
        source, *_ = volume.split(":")
        assert (PROJECT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
    for key, value in service.get("environment", {}).items():
        if re.search("PASSWORD|TOKEN|SECRET|KEY", key):
            assert key.endswith("_FILE"), f"{name}: {key} in clear"
            assert str(value).startswith("/run/secrets/")


def test_secrets_lie_in_the_folder_that_git_and_the_image_ignore() -> None:
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("./deploy/secrets/")
    assert (PROJECT / "deploy/.gitignore").read_text().split() == ["/secrets/"]
    assert not passes("deploy/secrets/warnengine.toml")


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_comes_back_keeps_few_logs_and_gains_no_rights(name: str) -> None:
    service = LASTING[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"]["max-size"]
    assert has_health(service) or "dev" in service["profiles"]


@pytest.mark.parametrize("name", SERVICES)
def test_images_have_a_version(name: str) -> None:
    tag = SERVICES[name]["image"].partition(":")[2]
    assert re.search(r"\d", tag), f"{name} runs whatever {SERVICES[name]['image']} is today"


@pytest.mark.parametrize("name", ENGINES)
def test_the_engine_runs_without_rights(name: str) -> None:
    service = ENGINES[name]
    assert (service["user"], service["cap_drop"], service["read_only"]) == ("10001:10001", ["ALL"], True)


def test_the_services_have_every_role_once() -> None:
    roles = [role for one in ROLES.values() for role in one["command"][2].split(",")]
    assert sorted(roles) == sorted(app.ROLES)
    assert all(one["command"][1] == "--roles" for one in ROLES.values())


def test_an_engine_has_time_to_end_what_is_on_the_wire() -> None:
    longest = Settings.model_fields["dispatch"].default.lease_seconds
    assert all(int(one["stop_grace_period"].removesuffix("s")) >= longest for one in ROLES.values())


def test_prometheus_asks_every_role_at_its_port() -> None:
    (job,) = PROMETHEUS["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert set(found["names"]) == set(ROLES)
    assert found["port"] == int(image_environment()["WARNENGINE_HTTP__PORT"])
    assert set(PROMETHEUS["rule_files"]) == {"alerts.yml"}


def test_the_topics_are_those_that_the_engine_uses() -> None:
    made = re.findall(r"^make (\S+)", SERVICES["topics"]["command"][0], re.MULTILINE)
    assert set(made) == {Kafka.model_fields[name].default for name in ("warnings", "rejected", "events")}


def image_environment() -> dict[str, str]:
    return dict(re.findall(r"(WARNENGINE_\w+)=(\S+)", DOCKERFILE))


@pytest.mark.parametrize(
    "variable",
    sorted(
        set(image_environment())
        | {key for one in SERVICES.values() for key in one.get("environment", {}) if key.startswith("WARNENGINE_")}
    ),
)
def test_every_variable_is_a_setting(variable: str) -> None:
    if variable == "WARNENGINE_CONFIG":  # names the TOML file; read before the settings are
        return
    model: type[BaseModel] = Settings
    *sections, last = variable.removeprefix("WARNENGINE_").lower().split("__")
    for section in sections:
        model = section_of(model.model_fields[section].annotation)
    assert last in model.model_fields


def section_of(annotation: Any) -> type[BaseModel]:
    """The settings class in `Class` or `Class | None`."""
    return next(
        one for one in (annotation, *get_args(annotation)) if isinstance(one, type) and issubclass(one, BaseModel)
    )


def test_the_targets_that_are_built_exist() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, re.MULTILINE))
    wanted = {one["build"]["target"] for one in SERVICES.values() if "build" in one}
    assert wanted == {"engine", "phones"}
    assert wanted <= stages
    assert set(re.findall(r"--from=(\S+)", DOCKERFILE)) <= stages


def passes(path: str) -> bool:
    """Whether .dockerignore lets a file of the project into the image: the last line that fits decides."""
    allowed = True
    for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").removeprefix("**/")
            if any(fnmatch(part, pattern) for part in (path, *parents(path), *path.split("/"))):
                allowed = line.startswith("!")
    return allowed


def parents(path: str) -> list[str]:
    return [str(parent) for parent in Path(path).parents][:-1]


@pytest.mark.parametrize("source", re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE))
def test_what_the_image_copies_exists_and_reaches_it(source: str) -> None:
    for path in source.split():
        assert (PROJECT / path).exists()
        assert passes(path)


@pytest.mark.parametrize(
    "path", [".git/config", "warnengine/__pycache__/app.pyc", ".venv/bin/python", "tests/x.py"]
)
def test_what_the_image_does_not_need_stays_outside(path: str) -> None:
    assert not passes(path)


def test_the_image_writes_documents_with_its_own_fonts() -> None:
    engine = DOCKERFILE.partition("FROM base AS engine")[2]
    assert "fonts-noto-cjk" in engine
    assert "Noto Sans CJK SC" in FONTS, "that is what the package brings"
    assert '"warnengine[document]"' in DOCKERFILE.partition("AS packages")[2].partition("FROM ")[0]
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    assert {"python-docx", "typst"} <= set(re.findall(r"^([\w-]+)==", lock, re.MULTILINE))


def test_the_image_runs_as_nobody_and_is_asked_whether_it_lives() -> None:
    engine = DOCKERFILE.partition("FROM base AS engine")[2]
    assert "USER 10001:10001" in engine
    assert re.search(r"HEALTHCHECK .*/healthz", engine, re.DOTALL)
    assert "--require-hashes" in DOCKERFILE
    installs = re.findall(r"pip install (.+?)(?:\\?\n|$)", DOCKERFILE)
    assert installs
    assert all("--no-index" in install for install in installs), "only what the lock's hashes let in"
