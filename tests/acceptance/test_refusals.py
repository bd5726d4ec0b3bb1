"""What must not come up does not, and whatever goes wrong is said in a sentence: what, where, what to do."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.house import PROJECT, House, clean_environment, copy, end_database
from tests.acceptance.program import Said, command
from warnengine.demo.relay import HOST, free_port

SETTINGS = {"INSTALLATION": "demo", "RULES": str(PROJECT / "rules"), "TEMPLATES": str(PROJECT / "templates")}


@pytest_asyncio.fixture(autouse=True)
async def nothing_stays_behind(tmp_path: Path) -> AsyncIterator[None]:
    """Where an engine came up against all promises, its database ends with the test."""
    yield
    await end_database(tmp_path / "data")


async def run(folder: Path, *arguments: str, **settings: str) -> Said:
    """Run a command in an empty folder of its own."""
    data = {"DATA": str(folder / "data")}
    return await command(*arguments, environment=clean_environment(**SETTINGS | data | settings), cwd=folder)


def assert_refused(said: Said, code: int, *words: str) -> None:
    """The exit code, the words, and no traceback."""
    assert said.code == code, said
    assert "Traceback" not in said.err + said.out
    for word in words:
        assert word in said.err + said.out, said
    assert len(said.err.splitlines()) <= 12, said.err


def rules_with(folder: Path, file: str, old: str, new: str) -> tuple[Path, int]:
    """The bureau's book with one typo; its folder and the line."""
    book = folder / "rules"
    shutil.copytree(PROJECT / "rules", book)
    text = (book / file).read_text(encoding="utf-8")
    assert old in text
    (book / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return book, text[: text.index(old)].count("\n") + 1


TYPOS = {
    "a level that does not exist": ("measures/housing.yaml", "level: red}", "level: rad}"),
    "a number to call that is none": ("district.yaml", "duty_phone: 023-45600000", "duty_phone: abc"),
    "a key that does not exist": ("measures/housing.yaml", "deadline:", "deadlin:"),
    "a bracket that is not closed": ("approvals.yaml", "{unit: duty_room, ", "unit: duty_room, "),
}


@pytest.mark.parametrize(("file", "old", "new"), TYPOS.values(), ids=TYPOS)
async def test_a_typo_in_a_rule_file_is_shown_with_file_line_and_fix_and_nothing_starts(
    tmp_path: Path, file: str, old: str, new: str
) -> None:
    book, line = rules_with(tmp_path, file, old, new)
    checked, started = await asyncio.gather(
        run(tmp_path, "rules", "check", str(book)), run(tmp_path, "serve", RULES=str(book))
    )
    assert_refused(checked, 1)
    assert re.search(rf"/{file}:({line}|{line + 1}): .+ — .+", checked.out), checked.out
    assert_refused(started, 1, file)
    assert not (tmp_path / "data").exists()


GATEWAY = json.dumps(
    {"kind": "smpp", "name": "a", "host": HOST, "port": 1, "system_id": "x", "password": "x", "source": "1"}
)
HTTP_LINE = {"kind": "sms_http", "name": "line", "url": "http://127.0.0.1:1", "callback_secret": "secret"}
FEED = {"name": "f", "kind": "atom", "url": "https://alerts.example.cn/atom"}
SOURCE = {"name": "a", "token": "bureau-token"}
STARTS: Mapping[str, tuple[int, tuple[str, ...], dict[str, str]]] = {
    "a lease that a send may outlive": (
        1,
        ("gateway a", "LEASE_SECONDS"),
        {"GATEWAYS": f"[{GATEWAY}]", "DISPATCH__LEASE_SECONDS": "5"},
    ),
    "two gateways of one name": (1, ("one name",), {"GATEWAYS": f"[{GATEWAY}, {GATEWAY}]"}),
    "a setting that does not exist": (2, ("WARNENGINE_OPERATER_TOKEN",), {"OPERATER_TOKEN": "x"}),
    "a part of a setting that does not exist": (2, ("WARNENGINE_HTTP__PROT",), {"HTTP__PROT": "80"}),
    "a value of the wrong kind": (2, ("WARNENGINE_HTTP__PORT",), {"HTTP__PORT": "eighty"}),
    "a list that is no JSON": (2, ("gateways",), {"GATEWAYS": "[smpp]"}),
    "a kind of gateway that does not exist": (2, ("GATEWAYS",), {"GATEWAYS": '[{"kind": "fax"}]'}),
    "no rule book": (1, ("nowhere",), {"RULES": "nowhere"}),
    "no templates": (1, ("nowhere", "WARNENGINE_TEMPLATES"), {"TEMPLATES": "nowhere"}),
    "a feed that is called like a source": (
        1,
        ("two sources have one name: a",),
        {"SOURCES": json.dumps([SOURCE]), "FEEDS": json.dumps([FEED | {"name": SOURCE["name"]}])},
    ),
    "a feed with a login in its address": (
        2,
        ("FEEDS", "use `headers`"),
        {"FEEDS": json.dumps([FEED | {"url": "https://a:b@example.cn/"}])},
    ),
    "two sources of one token": (1, ("one token",), {"SOURCES": json.dumps([SOURCE, SOURCE | {"name": "b"}])}),
    "a source without a token": (2, ("SOURCES",), {"SOURCES": json.dumps([SOURCE | {"token": ""}])}),
    "an operator without a token": (2, ("OPERATOR_TOKEN",), {"OPERATOR_TOKEN": ""}),
    "a port that no machine has": (2, ("WARNENGINE_HTTP__PORT",), {"HTTP__PORT": "99999"}),
    "an address that this machine has not": (1, ("WARNENGINE_HTTP__HOST",), {"HTTP__HOST": "192.0.2.1"}),
    "a data folder that cannot be": (1, ("/dev/null/data", "WARNENGINE_DATA"), {"DATA": "/dev/null/data"}),
}


@pytest.mark.parametrize(("code", "words", "settings"), STARTS.values(), ids=STARTS)
async def test_an_installation_that_is_not_fit_does_not_start(
    tmp_path: Path, code: int, words: tuple[str, ...], settings: dict[str, str]
) -> None:
    assert_refused(await run(tmp_path, "serve", **settings), code, *words)
    assert not (tmp_path / "data" / "postgres").exists()


PROFILES = {"a profile that does not exist": ("kanel", "kanel"), "what its profile asks for": ("kannel", "values")}


@pytest.mark.parametrize(("profile", "word"), PROFILES.values(), ids=PROFILES)
async def test_a_gateway_that_cannot_serve_is_named(tmp_path: Path, profile: str, word: str) -> None:
    line = HTTP_LINE | {"profile": profile}
    assert_refused(await run(tmp_path, "serve", GATEWAYS=json.dumps([line])), 1, "gateway line", word)


FILES = {
    "no TOML": ('installation = "demo\n', "engine.toml"),
    "a table that does not exist": ("[kafak]\nbootstrap = 'x:1'\n", "WARNENGINE_KAFAK"),
    "a number as text": ('[http]\nport = "many"\n', "WARNENGINE_HTTP__PORT"),
}


@pytest.mark.parametrize(("text", "word"), FILES.values(), ids=FILES)
async def test_a_settings_file_with_a_mistake_is_refused(tmp_path: Path, text: str, word: str) -> None:
    file = tmp_path / "engine.toml"
    file.write_text(text)
    assert_refused(await run(tmp_path, "serve", CONFIG=str(file)), 2, word)


async def test_a_settings_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert_refused(await run(tmp_path, "serve", CONFIG=str(tmp_path / "gone.toml")), 2, "gone.toml")


async def test_without_its_database_the_engine_says_where_it_looked(tmp_path: Path) -> None:
    port = free_port()
    said = await run(tmp_path, "serve", DATABASE=f"postgresql://engine:secret@{HOST}:{port}/engine")
    assert_refused(said, 1, f"{HOST}:{port}", "WARNENGINE_DATABASE")
    assert "secret" not in said.err


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert_refused(await run(tmp_path, "serve", HTTP__PORT=str(port)), 1, str(port), "WARNENGINE_HTTP__PORT")


async def test_a_second_engine_on_the_same_data_folder_is_refused(tmp_path: Path, seed: Path) -> None:
    house = House(tmp_path)
    try:
        await house.open(seed)
        said = await house.command("serve", HTTP=f'{{"port": {free_port()}}}')
        assert_refused(said, 1, "another engine", str(house.data), "WARNENGINE_DATA")
        assert await house.ready()
    finally:
        await house.close()


async def test_a_live_engine_does_not_touch_the_database_of_a_demo(tmp_path: Path, seed: Path) -> None:
    await copy(seed, tmp_path / "data")
    said = await run(tmp_path, "serve", INSTALLATION="live", HTTP__PORT=str(free_port()))
    assert_refused(said, 1, "demo", "WARNENGINE_INSTALLATION")


async def test_an_engine_with_another_link_key_is_refused(tmp_path: Path, seed: Path) -> None:
    house = House(tmp_path)
    try:
        await house.open(seed)
        await house.engine.kill()
        said = await house.command("serve", LINK_KEY="another machine's")
        assert_refused(said, 1, "link key", "WARNENGINE_LINK_KEY")
        await house.start_engine()
    finally:
        await house.close()


COMMANDS = {
    "an address list that is not there": (("directory", "import", "gone.csv"), 1, "gone.csv"),
    "an address list to check that is not there": (("directory", "check", "gone.csv"), 1, "gone.csv"),
    "an address list that is none": (("directory", "check", "bad.csv"), 1, "UTF-8"),
    "a warning that is not there": (("ingest", "gone.xml"), 1, "gone.xml"),
    "a warning to parse that is not there": (("parse", "gone.xml"), 1, "gone.xml"),
    "a rule book that is not there": (("rules", "check", "gone"), 1, "gone"),
    "a rule book to test that is not there": (("rules", "test", "gone"), 1, "gone"),
    "a role that does not exist": (("serve", "--roles", "ingest,chef"), 2, "chef"),
    "a command that does not exist": (("sevre",), 2, "sevre"),
}


@pytest.mark.parametrize(("arguments", "code", "word"), COMMANDS.values(), ids=COMMANDS)
async def test_a_command_that_cannot_be_carried_out_says_why(
    tmp_path: Path, arguments: tuple[str, ...], code: int, word: str
) -> None:
    (tmp_path / "bad.csv").write_bytes("单位;职务\n".encode("utf-16"))
    assert_refused(await run(tmp_path, *arguments), code, word)
