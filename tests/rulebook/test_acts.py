"""The words of orders: what contradicts, what is the same, what names an act."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from warnengine.rulebook import acts

RULES = Path(__file__).parents[2] / "rules"
SHIPPED = [
    measure["order"]
    for folder in ("measures", "plans")
    for path in sorted((RULES / folder).glob("*.yaml"))
    for measure in yaml.safe_load(path.read_text(encoding="utf-8")).get("measures", ())
]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("关闭涉水项目", "开放涉水项目", ("关闭", "开放")),
        ("开放玄天湖景区", "关闭全部户外景区", ("开放", "关闭")),
        ("全区学校停课", "全区学校复课", ("停课", "复课")),
        ("停课", "复课", ("停课", "复课")),
        ("撤离工棚人员", "工棚人员原地避险", ("撤离", "原地避险")),
        ("水库预泄腾库", "水库停止泄洪", ("预泄", "停止泄洪")),
        ("关闭涉水项目", "开放城区纳凉点", None),
        ("撤离全部隐患点和三高四临人员", "看守隐患点,已撤人员不得返回", None),
        ("撤离山洪危险区群众", "已撤群众不得返回危险区", None),
        ("停运农村客运和渡船", "农村客运准备停运", None),
        ("切断危险区电源", "保障医院恢复供电", None),
        ("督促工业企业停止露天高处作业", "督促先恢复医院、水厂供电", None),
        ("封闭险路", "险路禁止放行", None),
        ("全区学校停课", "在校学生留校看护,不得放行", None),
        ("预置抢险队伍", "撤离危险区人员", None),
    ],
)
def test_acts_that_undo_each_other_on_the_same_thing(one: str, other: str, found: tuple[str, str] | None) -> None:
    assert acts.opposed(one, other) == found
    back = acts.opposed(other, one)
    assert (back is None) == (found is None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("封闭积水道路和地下通道", "立即封闭全部积水道路和地下通道", True),
        ("应急电源到位", "应急电源全部到位", True),
        ("关闭涉水项目", "关闭涉水、临崖景区", False),
        ("组织食品饮水送到前线", "组织食品饮水送到安置点", False),
        ("撤离琼江临河和其他危险区人员,先老弱", "撤离涪江225米线下住户,先老弱", False),
        ("检查站房", "检查校舍", False),
    ],
)
def test_one_order_in_two_wordings(one: str, other: str, same: bool) -> None:
    assert (acts.likeness(one, other) >= 0.8) is same
    assert acts.likeness(one, other) == acts.likeness(other, one)
    assert acts.likeness(one, one) == 1


@pytest.mark.parametrize(
    ("text", "names", "joined"),
    [
        ("关闭涉水项目", True, False),
        ("立即转移山洪危险区人员", True, False),
        ("主要领导到岗", True, False),
        ("应急电源到位", True, False),
        ("水库安全问题", False, False),
        ("请各单位做好防范工作", False, False),
        ("各单位要高度重视", False, False),
        ("关闭景区并疏散游客", True, True),
        ("停止施工;切断电源;撤离人员", True, True),
        ("停止施工,切断电源,撤离人员", True, True),
        ("停止露天和高处作业,撤离临时工棚人员", True, False),
        ("易涝点上泵、立警示牌", True, False),
        ("检查合并站房", True, False),
        ("逐家核实养老机构已撤空并报人数", True, False),
        ("派人驻临河、低洼养老机构", True, False),
        ("警力到路口和高速入口", True, False),
    ],
)
def test_what_an_order_says_to_do(text: str, names: bool, joined: bool) -> None:
    assert acts.names_an_act(text) is names
    assert acts.joined(text) is joined


@pytest.mark.parametrize(
    ("weaker", "stronger", "stale"),
    [
        ("做好停课准备", "全区学校停课", True),
        ("危险区人员做好转移准备", "完成危险区人员转移,先老弱", True),
        ("低洼配电房准备断电", "低洼配电房断电", True),
        ("低洼配电房准备断电", "医院防淹断电预案演练", False),
        ("做好停课准备", "做好停课和放学准备", False),
        ("做好停课准备", "在校学生留校看护", False),
    ],
)
def test_a_preparation_for_what_is_ordered_now(weaker: str, stronger: str, stale: bool) -> None:
    assert acts.stale(weaker, stronger) is stale


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("关闭涉水项目", "关闭涉水、临崖景区", True),
        ("巡访独居老人和困难户", "送棉衣被到独居老人和困难户", False),
        ("备好人工增雨装备", "择机开展人工增雨", False),
        ("转发预警到成员单位和镇街", "组织会商研判", False),
    ],
)
def test_the_same_act_at_a_higher_level(one: str, other: str, same: bool) -> None:
    assert acts.same_act(one, other) is same


@pytest.mark.parametrize("order", sorted(set(SHIPPED)))
def test_every_shipped_order_names_one_act(order: str) -> None:
    assert acts.names_an_act(order)
    assert not acts.joined(order)
