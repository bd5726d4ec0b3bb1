"""What drill and live must not share, and how their texts are told apart: tables, without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dispatch.fake_channel import FakeChannel
from warnengine.app.guards import refuse_deaf_trial, refuse_unsafe
from warnengine.app.sides import drill_side, fingerprints
from warnengine.dispatch.channel import ChannelError, Outgoing, Text
from warnengine.dispatch.channels.speech import spoken
from warnengine.dispatch.fences import Fence, duty_room_only, marked_only
from warnengine.model.errors import StartRefused
from warnengine.model.mode import DRILL, TRIAL, is_drill
from warnengine.order.drill_texts import DrillTexts
from warnengine.settings import Settings

PROJECT = Path(__file__).parents[2]
Json = dict[str, Any]
SMPP: Json = {
    "kind": "smpp",
    "name": "a",
    "host": "one.example",
    "port": 1,
    "system_id": "live",
    "password": "x",
    "source": "10690000",
}
OTHER = SMPP | {"name": "b", "system_id": "drill", "source": "10690001"}
CMPP: Json = {
    "kind": "cmpp",
    "name": "c",
    "host": "m.example",
    "company": "111111",
    "password": "x",
    "source": "10690002",
}
WEB: Json = {
    "kind": "sms_http",
    "name": "w",
    "url": "https://sms.example",
    "profile": "json",
    "callback_secret": "cb-1",
    "values": {"username": "u", "password": "p"},
}
MAIL: Json = {"kind": "smtp", "name": "m", "host": "mail.example", "port": 25, "sender": "duty@example.cn"}
LIVE: Json = {
    "gateways": [SMPP], "link_key": "live key", "operator_token": "live operator",
    "sources": [{"name": "s", "token": "live source"}], "data": "data", "templates": str(PROJECT / "templates"),
}  # fmt: skip
DRILLING: Json = {
    "gateways": [OTHER], "link_key": "drill key", "operator_token": "drill operator",
    "sources": [{"name": "s", "token": "drill source"}],
}  # fmt: skip


def settings(live: Json, drill: Json) -> Settings:
    return Settings.model_validate(LIVE | live | {"drill": DRILLING | drill})


CROSSINGS: dict[str, tuple[Json, Json, str]] = {
    "the same SMPP login": ({}, {"gateways": [OTHER | {"system_id": "live"}]}, "live gateway a"),
    "the same number by another login": ({}, {"gateways": [OTHER | {"source": "10690000"}]}, "live gateway a"),
    "the same number by another protocol": ({}, {"gateways": [CMPP | {"source": "10690000"}]}, "live gateway a"),
    "the same CMPP login": ({"gateways": [CMPP]}, {"gateways": [CMPP | {"name": "d", "source": "1"}]}, "live gateway c"),
    "the same account of a vendor": ({"gateways": [WEB]}, {"gateways": [WEB | {"name": "d", "callback_secret": "cb-2", "url": "https://sms.example/"}]}, "live gateway w"),
    "the same mail account": ({"gateways": [MAIL]}, {"gateways": [MAIL | {"name": "d", "sender": "drill@example.cn"}]}, "live gateway m"),
    "the same link key": ({}, {"link_key": "live key"}, "WARNENGINE_DRILL__LINK_KEY"),
    "the operator's token": ({}, {"operator_token": "live operator"}, "token"),
    "a source's token": ({}, {"sources": [{"name": "x", "token": "live source"}]}, "token"),
    "a token that is another one on the other side": ({}, {"operator_token": "live source"}, "token"),
    "the same callback secret": ({"gateways": [WEB]}, {"gateways": [WEB | {"name": "d", "url": "https://other.example"}]}, "token"),
    "the same database and role": ({"database": "postgresql://a@b/c"}, {"database": "postgresql://a@b/c"}, "WARNENGINE_DRILL__DATABASE"),
    "a database for live alone": ({"database": "postgresql://a@b/c"}, {}, "WARNENGINE_DRILL__DATABASE"),
    "the same port": ({"http": {"port": 9000}}, {"http": {"port": 9000, "public_url": "http://drill"}}, "WARNENGINE_DRILL__HTTP__PORT"),
    "links to the same place": ({"http": {"public_url": "http://yj"}}, {"http": {"port": 9, "public_url": "http://yj/"}}, "PUBLIC_URL"),
    "the live topic of events": ({"kafka": {"bootstrap": "k:1"}}, {"kafka": {"bootstrap": "k:1", "warnings": "x", "rejected": "y"}}, "warnengine.events"),
    "the live topic of observations": ({"kafka": {"bootstrap": "k:1"}}, {"kafka": {"bootstrap": "k:1", "warnings": "x", "rejected": "y", "events": "z"}}, "warnengine.observations"),
    "the drill's spool folder": ({"spool": "data/drill/spool"}, {}, "WARNENGINE_SPOOL"),
}  # fmt: skip


@pytest.mark.parametrize(("live", "drill", "word"), CROSSINGS.values(), ids=CROSSINGS)
def test_neither_side_starts_where_they_share_anything(live: Json, drill: Json, word: str) -> None:
    both = settings(live, drill)
    for start in (lambda: drill_side(both), lambda: refuse_unsafe(both)):
        with pytest.raises(StartRefused, match="drill and live must share nothing") as refused:
            start()
        assert word in str(refused.value)


def test_a_drill_of_its_own_takes_nothing_of_live_but_the_rules() -> None:
    live = settings({"feeds": [{"name": "f", "kind": "rss", "url": "https://example.cn/rss"}]}, {})
    refuse_unsafe(live)
    drill = drill_side(live)
    assert (drill.installation, drill.data, drill.server) == ("drill", Path("data/drill"), Path("data"))
    assert [gateway.name for gateway in drill.gateways] == ["b"]
    assert drill.feeds == ()
    assert (drill.rules, drill.templates) == (live.rules, live.templates)
    ours, theirs = (set(fingerprints(side, key)) for side, key in ((live, b"live key"), (drill, b"drill key")))
    assert len(ours) == len(theirs) == 3
    assert not ours & theirs


def test_without_a_drill_in_the_settings_it_is_said_how_to_set_one_up() -> None:
    with pytest.raises(StartRefused, match="WARNENGINE_DRILL__GATEWAYS"):
        drill_side(Settings.model_validate(LIVE))


DEAF: dict[str, Json] = {
    "nobody is named": {},
    "no gateway carries mail": {"trial": {"email": ["duty@example.cn"]}},
    "no gateway at all": {"trial": {"sms": ["+8613800000000"]}, "gateways": []},
}


@pytest.mark.parametrize("more", DEAF.values(), ids=DEAF)
def test_a_trial_that_nobody_would_read_does_not_start(more: Json) -> None:
    with pytest.raises(StartRefused, match="duty room"):
        refuse_deaf_trial(Settings.model_validate(LIVE | {"installation": "trial"} | more))


# texts


FACTS: Json = {"text": "x"}


@pytest.mark.parametrize("broken", [None, "drill.sms.j2", "drill.email.j2", "drill.html.j2"])
@pytest.mark.parametrize("how", ["missing", "broken", "unmarked"])
def test_both_ends_of_every_form_are_marked_whatever_the_templates_say(
    tmp_path: Path, broken: str | None, how: str
) -> None:
    for file in (PROJECT / "templates").glob("drill.*"):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    for channel in ("sms", "email", "html"):
        words = "<html><body>{{ text }}</body></html>" if channel == "html" else "【铜梁应急】{{ text }}\n二"
        (tmp_path / f"any.{channel}.j2").write_text(words)
    if broken and how == "missing":
        (tmp_path / broken).unlink()
    elif broken:
        (tmp_path / broken).write_text("{{ nothing }}" if how == "broken" else "{{ text }}")
    written = DrillTexts(tmp_path).write("order", "rainstorm", FACTS, "退路")
    assert is_drill(written), written
    assert "x" in written.short
    assert "x" in written.html


def test_a_machine_that_calls_says_drill_first_and_last() -> None:
    words = spoken(f"{DRILL}【铜梁应急】暴雨红色。\n以上为演练,不要采取实际行动{DRILL}")
    assert words.startswith("演练。这里是铜梁应急。")
    assert "以上为演练" in words


# fences


def outgoing(address: str, short: str, **more: str) -> Outgoing:
    text = Text(short, **({"subject": short, "body": short, "html": "", "link": ""} | more))
    return Outgoing(1, "c", "d", address, text, 60.0, urgent=True)


NOT_MARKED: dict[str, tuple[str, Json]] = {
    "nowhere": ("红色", {}),
    "not at the end": (f"{DRILL}红色", {}),
    "not at the beginning": (f"红色{DRILL}", {}),
    "not in the subject": (f"{DRILL}红色{DRILL}", {"subject": "红色"}),
    "not in the long text": (f"{DRILL}红色{DRILL}", {"body": "红色"}),
    "not in the page": (f"{DRILL}红色{DRILL}", {"html": "<p>红色</p>"}),
}


@pytest.mark.parametrize(("short", "more"), NOT_MARKED.values(), ids=NOT_MARKED)
async def test_a_drill_hands_over_nothing_that_could_be_taken_for_real(short: str, more: Json) -> None:
    line = FakeChannel("sms", "line")
    with pytest.raises(ChannelError):
        await Fence(line, marked_only).send(outgoing("+8613800000000", short, **more))
    assert line.asked == []
    await Fence(line, marked_only).send(outgoing("+8613800000000", f"{DRILL}红色{DRILL}"))
    await Fence(line, marked_only).send(outgoing("+8613800000000", f"{DRILL}红色{DRILL}", subject="", body=""))
    assert len(line.log) == 2, "an SMS has the short form alone"


ADDRESS = st.sampled_from(["+8613800000000", "+8613800000001", "duty@example.cn", "mayor@example.cn"]) | st.text(
    max_size=20
)
ROOM = frozenset({("sms", "+8613800000000"), ("email", "duty@example.cn")})


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["sms", "email", "push", "call", "voice"]),
            ADDRESS,
            st.text() | st.just(f"【铜梁应急】{TRIAL}213人"),
        )
    )
)
async def test_whatever_a_trial_is_asked_to_send_only_digests_to_the_duty_room_leave(
    messages: list[tuple[str, str, str]],
) -> None:
    lines = {kind: FakeChannel(kind, kind) for kind in ("sms", "email", "push", "call", "voice")}
    for kind, address, short in messages:
        answer = await Fence(lines[kind], duty_room_only(ROOM)).send(outgoing(address, short))
        ours = (kind, address) in ROOM and TRIAL in short
        assert bool(answer.note) is not ours
    sent = [(kind, entry.address, entry.short) for kind, line in lines.items() for entry in line.log]
    assert all((kind, address) in ROOM and TRIAL in short for kind, address, short in sent)
    assert len(sent) == sum((kind, address) in ROOM and TRIAL in short for kind, address, short in messages)
