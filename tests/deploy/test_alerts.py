"""The alerts: a fault that fires each, a quiet night that does not, words for the duty room, the manual."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.deploy.files import (
    ALERTS,
    ALERTS_TEST,
    DEPLOY,
    MANUAL,
    PROJECT,
    RULES,
    alert_queries,
    read,
    selectors,
)

NAMES = [rule["alert"] for rule in RULES]
CHINESE = re.compile(r"[一-鿿]")
promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool of Debian's prometheus")
CASES = read(ALERTS_TEST)["tests"]


@promtool
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", str(DEPLOY / "prometheus.yml")),
        ("check", "rules", str(ALERTS)),
        ("test", "rules", str(ALERTS_TEST)),
    ],
    ids=" ".join,
)
def test_promtool_agrees(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [name for name in NAMES if name != "Watchdog"])
def test_an_alert_has_a_fault_that_fires_it_and_a_moment_before(name: str) -> None:
    expected = [
        bool(sample["exp_samples"])
        for case in CASES
        for sample in case["promql_expr_test"]
        if f'alertname="{name}"' in sample["expr"]
    ]
    assert sorted(expected) == [False, True]


def test_the_quiet_night_has_everything_that_the_alerts_look_at() -> None:
    quiet = {series["series"].partition("{")[0] for series in CASES[0]["input_series"]}
    asked = {name for _, query in alert_queries() for name, _ in selectors(query)}
    assert asked <= quiet


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_in_chinese_what_is_the_matter(rule: dict[str, dict[str, str]]) -> None:
    assert CHINESE.search(rule["annotations"]["summary"])
    assert rule["labels"]["urgency"] in {"page", "ticket", "none"}


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_has_its_line_in_the_manual(name: str) -> None:
    assert re.search(rf"^\| `{name}` \|", MANUAL, re.MULTILINE)


def test_the_manual_names_no_alert_that_does_not_exist() -> None:
    assert set(re.findall(r"^\| `([A-Z]\w+)` \|", MANUAL, re.MULTILINE)) == set(NAMES)


def threshold(name: str) -> float:
    (query,) = (query for alert, query in alert_queries() if alert == name)
    return float(query.rpartition(">")[2])


@pytest.mark.parametrize(("name", "kept"), [("RedUnreached", "first_send"), ("RedUnanswered", "answer_within")])
def test_red_is_given_as_long_as_the_ladder_gives_it(name: str, kept: str) -> None:
    minutes = read(PROJECT / "rules/ladder.yaml")["red"][kept]
    assert threshold(name) == 60 * int(minutes.removesuffix("m"))
