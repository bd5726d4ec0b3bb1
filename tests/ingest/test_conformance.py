"""The conformance list: one exemplary message breaks no rule, and one change of it breaks each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.core.district import BOOK, READING
from tests.ingest.conftest import Build
from warnengine.ingest.admission import DRILL, admit
from warnengine.ingest.formats import conformance, read
from warnengine.ingest.formats.conformance import FEED, RULES
from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Gravity, Problem, Warning

INFO = """<info>
<language>zh-CN</language><category>Met</category><event>暴雨</event><responseType>Prepare</responseType>
<urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>
<eventCode><valueName>GB/T 35561</valueName><value>11B03</value></eventCode>
<effective>2026-07-27T05:54:30+08:00</effective><onset>2026-07-27T06:00:00+08:00</onset>
<expires>2026-07-27T09:00:00+08:00</expires>
<senderName>铜梁区气象台</senderName><headline>铜梁区气象台发布暴雨橙色预警</headline>
<description>预计有暴雨。</description><instruction>停止露天作业。</instruction>
<web>http://example.cn/alarm</web><contact>023-45632222</contact>
<resource><resourceDesc>图</resourceDesc><mimeType>image/png</mimeType><uri>http://example.cn/a.png</uri></resource>
<area><areaDesc>铜梁区</areaDesc>
<geocode><valueName>CPEAS Geographic Code</valueName><value>500151000000</value></geocode></area>
</info>"""
MESSAGE = f"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>50022441600000_20260727055430</identifier><sender>Tongliang_Meteorological_Observatory</sender>
<sent>2026-07-27T05:54:30+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
{INFO}
</alert>"""
GEOCODE = "<geocode><valueName>CPEAS Geographic Code</valueName><value>500151000000</value></geocode>"
SQUARE = "29.8,106.0 29.8,106.1 29.9,106.1 29.9,106.0 29.8,106.0"


def shaped(polygon: str = "", circle: str = "") -> str:
    """The geocode, with a shape before it."""
    shapes = [(polygon, "polygon"), (circle, "circle")]
    return "".join(f"<{name}>{value}</{name}>" for value, name in shapes if value) + GEOCODE


ALERT = "<msgType>Alert</msgType>"
BREACHES = [
    ("namespace", "urn:oasis:names:tc:emergency:cap:1.2", "http://example.org/warnings"),
    ("alert_order", "<scope>Public</scope>", "<note>.</note><scope>Public</scope>"),
    ("characters", "<sender>Tongliang_Meteorological_Observatory", "<sender>Tongliang Observatory"),
    ("oid_root", "50022441600000_20260727055430", "urn:oid:2.49.0.0.156.0.1"),
    ("time_form", "2026-07-27T05:54:30+08:00</sent>", "2026-07-26T21:54:30Z</sent>"),
    ("zone_unsaid", "2026-07-27T06:00:00+08:00", "2026-07-26T22:00:00-00:00"),
    ("scope", "<scope>Public</scope>", ""),
    ("scope", "<scope>Public</scope>", "<scope>Everybody</scope>"),
    ("not_actual", "<status>Actual</status>", "<status>Exercise</status>"),
    ("restriction", "<scope>Public</scope>", "<scope>Public</scope><restriction>staff</restriction>"),
    ("restriction", "<scope>Public</scope>", "<scope>Private</scope>"),
    ("not_public", "<scope>Public</scope>", "<scope>Private</scope><addresses>a</addresses>"),
    ("references_form", "<info>", "<references/><info>"),
    ("references_form", "<info>", "<references>A_1</references><info>"),
    ("references_missing", ALERT, "<msgType>Update</msgType>"),
    ("self_reference", "<info>", "<references>50022441600000_20260727055430</references><info>"),
    ("reference_later", "<info>", "<references>a,b,2026-07-28T00:00:00+08:00</references><info>"),
    ("answer_unexplained", ALERT, "<msgType>Ack</msgType>"),
    ("profile", "<scope>Public</scope>", "<scope>Public</scope><code>profile:CAP-CP:0.4</code>"),
    ("cap_1_0", "<certainty>Likely", "<certainty>Very Likely"),
    ("cap_1_0", "<scope>Public</scope>", "<password>p</password><scope>Public</scope>"),
    ("no_info", INFO, ""),
    ("info_missing", "<category>Met</category>", ""),
    ("info_word", "<urgency>Expected", "<urgency>ALERT"),
    ("info_order", "<contact>023-45632222</contact>", "<headline/>"),
    ("infos_of_two_events", "</alert>", INFO.replace("Met", "Geo") + "</alert>"),
    ("language_form", "zh-CN", "chinese"),
    ("language_doubtful", "</alert>", INFO.replace("zh-CN", "en-US") + "</alert>"),
    ("times_crossed", "<onset>2026-07-27T06", "<onset>2026-07-27T10"),
    ("times_crossed", "<effective>2026-07-27T05", "<effective>2026-07-27T15"),
    ("info_sparse", "<contact>023-45632222</contact>", ""),
    ("headline_form", "<instruction>停止露天作业。", "<instruction>预计有暴雨。"),
    ("headline_form", "铜梁区气象台发布暴雨橙色预警", "铜梁区气象台发布暴雨橙色预警" + "请注意" * 50),
    ("markup", "预计有暴雨。", "预计&lt;br/&gt;有暴雨。"),
    ("markup", "预计有暴雨。", "预计&amp;nbsp;有暴雨。"),
    ("link_form", "<web>http://example.cn/alarm", "<web>www.example.cn"),
    ("link_form", "<uri>http://example.cn/a.png", "<uri>a.png"),
    ("resource_form", "image/png", "png"),
    ("resource_form", "<uri>http://example.cn/a.png</uri>", "<derefUri>not base64!</derefUri>"),
    ("cancel_effective", ALERT, "<msgType>Cancel</msgType>"),
    ("area_unnamed", "<areaDesc>铜梁区</areaDesc>", "<areaDesc/>"),
    ("area_unplaced", GEOCODE, ""),
    ("polygon_form", GEOCODE, shaped("29.8,106.0 29.8,106.1 29.8,106.0")),
    ("polygon_form", GEOCODE, shaped("{}")),
    ("polygon_form", GEOCODE, "<polygon/>" + GEOCODE),
    ("polygon_open", GEOCODE, shaped(SQUARE.rpartition(" ")[0])),
    ("polygon_crossing", GEOCODE, shaped("29.8,106.0 29.9,106.1 29.8,106.1 29.9,106.0 29.8,106.0")),
    ("off_earth", GEOCODE, shaped("106.0,29.8 106.1,29.8 106.1,29.9 106.0,29.8")),
    ("off_earth", GEOCODE, shaped(circle="106.0,29.8 5")),
    ("circle_form", GEOCODE, shaped(circle="29.8 106.0 5")),
    ("circle_point", GEOCODE, shaped(circle="29.8,106.0 0")),
    ("height", GEOCODE, GEOCODE + "<ceiling>300</ceiling>"),
    ("height", GEOCODE, GEOCODE + "<altitude>400</altitude><ceiling>300</ceiling>"),
    ("geocode_form", "<value>500151000000</value>", "<value/>"),
    (
        "geocode_form",
        GEOCODE,
        GEOCODE + "<geocode><valueName>X</valueName><value>51.2,7.1 51.3,</value></geocode>",
    ),
    ("shape_and_code", GEOCODE, shaped(SQUARE)),
    ("abroad", GEOCODE, shaped("50.8,6.0 50.8,6.1 50.9,6.1 50.8,6.0")),
    ("code_list", "CPEAS Geographic Code", "Our own list"),
    ("bad_time", "<onset>2026-07-27T06:00:00+08:00", "<onset>soon"),
    ("expires_missing", "<expires>2026-07-27T09:00:00+08:00</expires>", ""),
]
KEPT = [
    ("scope", "<scope>Public</scope>", "<scope>Restricted</scope><restriction>staff</restriction>"),
    ("references_form", "<info>", "<references>a,b,2026-07-26T00:00:00+08:00</references><info>"),
    (
        "references_missing",
        ALERT,
        "<msgType>Update</msgType><references>a,b,2026-07-26T00:00:00+08:00</references>",
    ),
    ("answer_unexplained", ALERT, "<msgType>Ack</msgType><note>.</note><references>a</references>"),
    ("polygon_form", GEOCODE, shaped(SQUARE)),
    ("polygon_open", GEOCODE, shaped(SQUARE)),
    ("polygon_crossing", GEOCODE, shaped(SQUARE)),
    ("off_earth", GEOCODE, shaped(SQUARE, "29.8,106.0 5")),
    ("circle_form", GEOCODE, shaped(circle="29.8,106.0 5.5")),
    ("height", GEOCODE, GEOCODE + "<altitude>300</altitude><ceiling>400</ceiling>"),
    ("markup", "预计有暴雨。", "雨量&lt;50毫米,A&amp;B"),
    ("no_info", INFO, INFO),
    ("abroad", GEOCODE, shaped(SQUARE)),
    ("resource_form", "<uri>http://example.cn/a.png</uri>", "<derefUri>iVBO\nRw0=</derefUri>"),
    ("link_form", "<uri>http://example.cn/a.png</uri>", "<uri>a.png</uri><derefUri>iVBORw0=</derefUri>"),
    ("language_form", "zh-CN", "zh-Hans-CN"),
]


def problems(text: str) -> dict[str, Problem]:
    (warning,) = read(text.encode(), READING)
    return {problem.rule: problem for problem in warning.problems}


def changed(old: str, new: str) -> str:
    assert old in MESSAGE
    return MESSAGE.replace(old, new, 1)


def test_the_exemplary_message_breaks_no_rule() -> None:
    assert problems(MESSAGE) == {}


@pytest.mark.parametrize(("word", "old", "new"), BREACHES, ids=[f"{n}-{row[0]}" for n, row in enumerate(BREACHES)])
def test_a_breach_is_told(word: str, old: str, new: str) -> None:
    assert word in problems(changed(old, new))


@pytest.mark.parametrize(("word", "old", "new"), KEPT, ids=[f"{n}-{row[0]}" for n, row in enumerate(KEPT)])
def test_what_keeps_the_rule_is_not(word: str, old: str, new: str) -> None:
    assert word not in problems(changed(old, new))


def test_every_rule_has_a_message_that_breaks_it() -> None:
    assert {rule.word for rule in RULES} <= {word for word, _, _ in BREACHES}


def test_words_are_said_once_and_lines_say_what_the_rule_is() -> None:
    rules = (*RULES, *FEED)
    assert len({rule.word for rule in rules}) == len(rules)
    assert all(re.fullmatch(r"[A-F]\d{1,2}", rule.number) and len(rule.says) > 10 for rule in rules)


def test_a_rule_broken_a_hundred_times_is_one_problem_with_a_count() -> None:
    area = f"<area><areaDesc>铜梁区</areaDesc>{shaped('{}')}</area>"
    found = problems(MESSAGE.replace("</info>", area * 100 + "</info>"))
    assert "99 more" in found["polygon_form"].message


def test_infos_that_break_a_rule_alike_are_one_problem_with_a_count() -> None:
    many = "".join(INFO.replace("2026-07-27T09", f"2026-07-26T{hour:02}") for hour in range(24))
    (warning,) = read(MESSAGE.replace(INFO, many).encode(), READING)
    told = [problem.message for problem in warning.problems if problem.rule == "expires_before_sent"]
    assert len(told) == 1
    assert "23 more" in told[0]


def test_only_what_the_list_rejects_is_rejected() -> None:
    rejects = {word for word, old, new in BREACHES if problems(changed(old, new))[word].severity is Gravity.REJECT}
    assert rejects == {"scope", "not_actual", "no_info", "bad_time"}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<sender>Tongliang_Meteorological_Observatory</sender>", "", "missing_field"),
        ("<identifier>50022441600000_20260727055430</identifier>", "<identifier> </identifier>", "missing_field"),
        ("<status>Actual</status>", "<status>Real</status>", "bad_value"),
        (ALERT, "<msgType>Shout</msgType>", "bad_value"),
        ("<sent>2026-07-27T05:54:30+08:00", "<sent>today", "bad_value"),
        ("<alert", "<!DOCTYPE alert><alert", "doctype"),
        ("</alert>", "", "malformed"),
    ],
)
def test_without_its_envelope_nothing_is_read(old: str, new: str, reason: str) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        read(changed(old, new).encode(), READING)
    assert refusal.value.reason == reason


def test_the_national_message_is_held_to_what_is_its_own(national: Build) -> None:
    (warning,) = read(national("预计未来3小时有&nbsp;暴雨"), READING)
    assert {problem.rule for problem in warning.problems} == {"markup", "expires_from_text"}
    assert "&nbsp;" not in warning.description


FEED_OF_TWO = """<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><title>t</title>
<updated>2026-07-27T06:00:00+08:00</updated>{}</feed>"""
ENTRY = "<entry><id>{}</id><title>t</title><updated>2026-07-27T06:00:00+08:00</updated>{}</entry>"


def of_feed(text: str) -> list[Warning]:
    return list(read(text.encode(), READING))


def test_a_feed_in_order_says_nothing_about_itself() -> None:
    (warning,) = of_feed(FEED_OF_TWO.format(ENTRY.format("e", f"<content>{MESSAGE}</content>")))
    assert warning.problems == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<id>f</id>", ""),
        ("<title>t</title>", ""),
        ("<id>e</id>", ""),
        ("<updated>2026-07-27T06:00:00+08:00</updated>", ""),
    ],
)
def test_a_feed_out_of_order_is_read_and_told(old: str, new: str) -> None:
    text = FEED_OF_TWO.format(ENTRY.format("e", f"<content>{MESSAGE}</content>"))
    (warning,) = of_feed(text.replace(old, new))
    assert {problem.rule for problem in warning.problems} == {"feed_form"}


def test_two_meanings_under_one_identifier_are_both_kept_and_told() -> None:
    red = MESSAGE.replace("橙色", "红色").replace("Severe", "Extreme")
    both = of_feed(f"<alerts>{MESSAGE}{red}</alerts>")
    assert [{problem.rule for problem in warning.problems} for warning in both] == [{"identifier_repeated"}] * 2


def test_the_page_of_rules_is_the_rules() -> None:
    page = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| ([A-F]\d+) \| `(\w+)` \| (\w+) \|", page, re.M))
    gravities = {Gravity.REJECT: "R", Gravity.WARN: "W", Gravity.NOTE: "N"}
    known = {(rule.number, rule.word, gravities[rule.gravity]) for rule in (*conformance.RULES, *conformance.FEED)}
    assert known <= rows


@pytest.mark.parametrize(
    ("old", "new"),
    [("<onset>2026-07-27T06:00:00+08:00", "<onset>soon"), ("<scope>Public</scope>", "<scope>Everybody</scope>")],
)
def test_what_the_list_rejects_orders_nothing_here(old: str, new: str) -> None:
    (good,) = read(MESSAGE.encode(), READING)
    (faulty,) = read(changed(old, new).encode(), READING)
    admit(good, BOOK)
    with pytest.raises(RefusedWarning) as refusal:
        admit(faulty, BOOK)
    assert refusal.value.reason in {"bad_time", "scope"}


def test_an_exercise_is_a_matter_of_live_and_drill() -> None:
    (warning,) = read(changed("<status>Actual</status>", "<status>Exercise</status>").encode(), READING)
    admit(warning, BOOK, DRILL)
