"""What pydantic and the YAML parser refuse, in words for the person who edits the file."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic_core import ErrorDetails

from warnengine.model.finding import did_you_mean

Words = tuple[str, str]
"""What is wrong, and what to write instead."""

KINDS: dict[str, Words] = {
    "int_parsing": ("“{given}”不是整数", "写整数,例如 30"),
    "int_from_float": ("“{given}”不是整数", "写整数,例如 30"),
    "int_type": ("这里要写一个整数", "写整数,例如 30"),
    "bool_parsing": ("“{given}”不是 true 或 false", "写 true 或 false"),
    "bool_type": ("这里要写 true 或 false", "写 true 或 false"),
    "string_type": ("这里要写一句文字", "写成一行文字,不要写成列表"),
    "string_too_short": ("文字太短", "最少写 {min_length} 个字"),
    "string_too_long": ("文字太长", "最多写 {max_length} 个字"),
    "too_short": ("写少了", "最少写 {min_length} 项"),
    "too_long": ("写多了", "最多写 {max_length} 项"),
    "greater_than_equal": ("{given} 太小", "最小写 {ge}"),
    "less_than_equal": ("{given} 太大", "最大写 {le}"),
    "tuple_type": ("这里要写成列表", "写成 [甲, 乙],只有一项也要加方括号"),
    "list_type": ("这里要写成列表", "写成 [甲, 乙],只有一项也要加方括号"),
    "dict_type": ("这里要写“键: 值”", "照其他条目的写法写"),
    "model_type": ("这里要写“键: 值”", "照其他条目的写法写"),
    "date_type": ("这里要写日期", "写日期,例如 2026-09-30"),
    "time_delta_type": ("这里要写时长", "写数字加 s(秒)、m(分)或 h(小时),例如 30m"),
}
"""pydantic's kind of error → the words for it, with the values of its context."""
UNLIKE: Words = ("这里的写法不对", "照其他条目的写法写")

PATTERNS = {
    r"^[a-z][a-z_]*$": "只用小写英文字母和下划线,字母开头",
    r"^[a-z][a-z_]*$|^\d{9}$": "镇街写9位数字,其他单位写小写英文字母和下划线",
    r"^\d{6}$": "写6位数字",
    r"^\d{9}$": "写9位数字",
    r"^\d{9}-\d{2,4}$": "写成 镇街代码-序号,例如 500151105-01",
    r"^(\d{12})?$": "写12位数字",
    r"^[A-Za-z0-9_-]{2,40}$": "写2到40个字母、数字、下划线或短横",
    r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$": "写小写英文字母、数字和下划线,用点隔开,例如 flash_flood.rain",
    r"^\d[\d -]{2,19}$": "写电话号码,只用数字、空格和短横",
    r"^[a-z0-9_]+(\.[a-z0-9_]+)+$": "写成 单位.灾种.等级.序号,例如 housing.rainstorm.red.1",
    "^bureau$": "写 bureau,已经确认的删去这一行",
}
"""What a form asks for, in words."""

YAML = {
    "found a tab character that violates indentation": "行首用了制表符(Tab)",
    "found character that cannot start any token": "有不能放在开头的符号(常见: 制表符、@、`、%)",
    "mapping values are not allowed in this context": "冒号的位置不对",
    "did not find expected key": "缩进或引号不对,找不到下一个键",
    "could not find expected ':'": "少了冒号",
    "did not find expected '-' indicator": "缩进不对,列表的下一项应以 - 开头",
    "did not find expected ',' or ']'": "方括号没有配对,或者少了逗号",
    "did not find expected ',' or '}'": "花括号没有配对,或者少了逗号",
    "did not find expected node content": "这里少了内容",
    "block mapping entries are not allowed in this context": "缩进不对",
    "block sequence entries are not allowed in this context": "缩进不对,- 不能放在这里",
    "did not find expected comment or line break": "这一行后面多了东西",
    "did not find expected <document start>": "缩进不对,或者多了一段没有键的文字",
    "did not find expected alphabetic or numeric character": "& 或 * 后面要有名字;只是文字的话加上引号",
    "found unexpected end of stream": "引号没有配对",
    "found unknown escape character": "双引号里有不认识的反斜杠写法",
    "found unknown directive name": "% 不能放在行首",
    "found unexpected document indicator": "引号没有配对,或者多了 ---",
    "did not find the expected '>'": "感叹号(!)不能放在开头",
    "found undefined tag handle": "感叹号(!)不能放在开头",
    "control characters are not allowed": "有看不见的控制字符",
}
"""What libyaml says, in words."""


def refused(problem: ErrorDetails, key: str, known: Iterable[str]) -> Words:
    """Words for what pydantic refuses at a key; `known` are the keys that may stand beside it."""
    given, context = problem["input"], problem.get("ctx", {})
    match problem["type"]:
        case "extra_forbidden":
            return f"没有“{key}”这个键", did_you_mean(key, known)
        case "missing":
            return f"缺少“{key}”", "请补上"
        case "enum" | "literal_error":
            expected = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
            return f"{key}: 没有“{given}”这个写法", did_you_mean(str(given), expected)
        case "value_error":
            return f"{key}: 读不懂“{given}”", str(context["error"])
        case "string_pattern_mismatch":
            form = PATTERNS.get(context["pattern"], f"应符合 {context['pattern']}")
            return f"{key}: “{given}”的形式不对", form
        case kind:
            what, fix = KINDS.get(kind, UNLIKE)
            return f"{key}: {what.format(given=given, **context)}", fix.format(given=given, **context)


def unreadable(problem: str) -> Words:
    """Words for what the YAML parser refuses."""
    return f"不是正确的 YAML: {YAML.get(problem, '这里读不懂')}", "请检查这一行和上一行的缩进、冒号、括号和引号"
