"""What is wrong with the fields of a request, in Chinese: which one, what, what to write instead. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MOMENT = "写成 2026-07-27T09:00:00+08:00"
NAME = "写姓名"
FIELDS = {
    "verb": ("结论", "写 raise(升级)、lower(降级)、extend(延长)之一"),
    "hazard": ("灾种", "写代码或名称,如 rainstorm 或 暴雨"),
    "family": ("产品种类", "一般不写,就是 signal(预警信号)"),
    "level": ("级别", "写 blue、yellow、orange、red 之一"),
    "towns": ("镇街", '如 ["安居镇", "少云镇"]'),
    "units": ("单位", '如 ["500151105"]'),
    "messages": ("来文", "写来文的编号,或者不写"),
    "until": ("止期", MOMENT),
    "at": ("时间", MOMENT),
    "deadline": ("完成时限", MOMENT),
    "not_after": ("有效期", MOMENT),
    "to": ("时间", MOMENT),
    "presided": ("主持人", NAME),
    "took_part": ("参加单位", "写单位名称"),
    "person": ("批复人", "写通讯录里的人员编号"),
    "by": ("经办人", NAME),
    "who": ("代答人", NAME),
    "why": ("理由", "写几个字,要留痕"),
    "break_glass": ("先发后补的理由", "写几个字,要留痕"),
    "words": ("原话或措施", "照实写"),
    "confirm": ("确认码", "照抄预览里的 confirm"),
    "decision": ("批复", "写 yes 或 no"),
    "result": ("结果", "写 answered、no_answer、hung_up、wrong_number、done 之一"),
    "scope": ("范围", "写 all、district、order 之一"),
    "mistake": ("是否误发", "写 true 或 false"),
    "number": ("编号", "写整数"),
    "of": ("被终止的结论", "写它的编号"),
}
"""What people call a field, and how it is written."""
WHAT = {
    "missing": "没有写",
    "extra_forbidden": "没有这一项",
    "json_invalid": "不是 JSON",
    "model_attributes_type": "不是 JSON 对象",
    "model_type": "不是 JSON 对象",
    "dict_type": "不是 JSON 对象",
    "string_type": "要写文字",
    "string_too_long": "太长,最多{max_length}个字",
    "string_too_short": "太短,至少{min_length}个字",
    "string_pattern_mismatch": "写法不对",
    "literal_error": "没有这种写法",
    "tuple_type": "要写成列表",
    "list_type": "要写成列表",
    "too_long": "太多,最多{max_length}个",
    "too_short": "太少,至少{min_length}个",
    "timezone_aware": "没有写时区",
    "datetime_type": "不是时间",
    "datetime_parsing": "不是时间",
    "datetime_from_date_parsing": "不是时间",
    "datetime_object_invalid": "不是时间",
    "int_type": "要写整数",
    "int_parsing": "要写整数",
    "int_parsing_size": "数太大",
    "int_from_float": "要写整数",
    "greater_than_equal": "太小,至少是{ge}",
    "less_than": "太大",
    "less_than_equal": "太大,最多是{le}",
    "bool_type": "要写 true 或 false",
    "bool_parsing": "要写 true 或 false",
}
"""Kinds of errors of pydantic that the routes can meet; of any other its own words are shown."""
OUTER = ("body", "path", "query")
WHOLE = "请求内容"


def sentences(errors: Iterable[Mapping[str, Any]]) -> str:
    """All of them, in one line."""
    return ";".join(map(sentence, errors))


def sentence(error: Mapping[str, Any]) -> str:
    """until(止期)没有写,写成 2026-07-27T09:00:00+08:00"""
    place = [part for part in error["loc"] if part not in OUTER]
    kind = error["type"]
    name = next((part for part in place if isinstance(part, str)), "")
    what = WHAT[kind].format(**error.get("ctx", {})) if kind in WHAT else f":{error['msg']}"
    if kind == "json_invalid":
        return f"{WHOLE}{what},请按接口说明写成 JSON"
    known = FIELDS.get(name)
    fix = "请去掉,或者核对拼写" if kind == "extra_forbidden" else known[1] if known else ""
    return f"{_where(place, known[0] if known else '')}{what}{',' if fix else ''}{fix}"


def _where(place: list[Any], called: str) -> str:
    """第2条 towns(镇街)第1个"""
    words = ""
    for part in place:
        if isinstance(part, int):
            words += f"第{part + 1}个" if words else f"第{part + 1}条 "
        else:
            words += f"{part}({called})" if called else f"{part} "
    return words or WHOLE
