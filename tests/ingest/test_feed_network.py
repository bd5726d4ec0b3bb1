"""Where a poll may go: hosts that are listed, and of their addresses those that are out in the world."""

from __future__ import annotations

import ipaddress

import pytest
from yarl import URL

from warnengine.ingest.feed_network import Limits, OffLimits, refuse_inside
from warnengine.settings import Feed

HOME = "https://alerts.example.cn/atom.xml"


def limits(url: str = HOME, *hosts: str) -> Limits:
    return Limits.of(Feed(name="a", kind="atom", url=url, hosts=hosts))


@pytest.mark.parametrize(
    "url",
    [
        "https://alerts.example.cn/cap/1.xml",
        "https://ALERTS.example.cn/cap/1.xml",
        "https://alerts.example.cn:443/1",
        "https://alerts.example.cn./1",
        "https://cap.example.cn/1?x=y",
        "https://files.example.cn:8443/1",
    ],
)
def test_listed_hosts(url: str) -> None:
    assert str(limits(HOME, "cap.example.cn", "files.example.cn:8443").permitted(url))


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://evil.example/1", id="another host"),
        pytest.param("https://alerts.example.cn.evil.example/1", id="a longer name"),
        pytest.param("https://evil.example/?https://alerts.example.cn/", id="ours in the query"),
        pytest.param("https://alerts.example.cn@evil.example/", id="ours as a login"),
        pytest.param("https://user:pw@alerts.example.cn/", id="a login"),
        pytest.param("https://alerts.example.cn:8080/", id="another port"),
        pytest.param("http://alerts.example.cn/1", id="no more secret"),
        pytest.param("http://127.0.0.1/", id="this machine"),
        pytest.param("https://127.1/", id="this machine, short"),
        pytest.param("https://2130706433/", id="this machine, as one number"),
        pytest.param("https://[::1]/", id="this machine, IPv6"),
        pytest.param("https://[::ffff:127.0.0.1]/", id="this machine, wrapped"),
        pytest.param("http://169.254.169.254/latest/meta-data", id="a cloud's metadata"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("gopher://alerts.example.cn/", id="an old protocol"),
        pytest.param("//", id="nothing"),
        pytest.param("", id="empty"),
        pytest.param("https://alerts.example.cn:99999/", id="no port at all"),
        pytest.param("https://[bad/", id="no address at all"),
        pytest.param("https://alerts.example.cn/" + "x" * 2000, id="endless"),
    ],
)
def test_everything_else_is_off_limits(url: str) -> None:
    with pytest.raises(OffLimits):
        limits(HOME, "cap.example.cn").permitted(url)


@pytest.mark.parametrize(
    ("location", "leads"),
    [
        ("/new.xml", "https://alerts.example.cn/new.xml"),
        ("https://alerts.example.cn/b", "https://alerts.example.cn/b"),
        ("https://cap.example.cn/b", None),
        ("https://evil.example/b", None),
        ("http://alerts.example.cn/b", None),
        ("http://169.254.169.254/", None),
        ("//evil.example/b", None),
    ],
)
def test_a_redirect_stays_on_its_host_even_where_the_other_is_listed(location: str, leads: str | None) -> None:
    known = limits(HOME, "cap.example.cn")
    if leads:
        assert str(known.redirected(URL(HOME), location)) == leads
    else:
        with pytest.raises(OffLimits):
            known.redirected(URL(HOME), location)


def test_a_redirect_may_turn_to_tls() -> None:
    known = limits("http://alerts.example.cn/a", "alerts.example.cn:443")
    assert known.redirected(URL("http://alerts.example.cn/a"), "https://alerts.example.cn/a").scheme == "https"


INSIDE = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::1",
)  # fmt: skip
OUTSIDE = ("8.8.8.8", "223.5.5.5", "2400:3200::1", "64:ff9b::808:808")


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused_whatever_it_is_wrapped_in(address: str) -> None:
    with pytest.raises(OffLimits, match="inside"):
        refuse_inside(address, ())


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_out_in_the_world(address: str) -> None:
    refuse_inside(address, ())


@pytest.mark.parametrize(
    ("address", "may"),
    [("10.21.3.4", True), ("::ffff:10.21.3.4", True), ("10.22.0.1", False), ("127.0.0.1", False)],
)
def test_a_network_of_ours_is_allowed_by_name_and_no_other(address: str, may: bool) -> None:
    allowed = (ipaddress.ip_network("10.21.0.0/16"),)
    if may:
        refuse_inside(address, allowed)
    else:
        with pytest.raises(OffLimits):
            refuse_inside(address, allowed)
