"""The warnings that are measured, as the national platform sends them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
HAZARDS = {"11B03": "暴雨", "11B06": "大风", "11B09": "高温", "11B14": "雷电", "11B15": "冰雹", "11B17": "大雾"}
"""Codes and names of what the bench's book knows: as many as one store is measured with."""
LEVELS = {"Red": ("红色", "I级/特别严重"), "Blue": ("蓝色", "IV级/一般")}
_numbers = itertools.count(1)


def warning(towns: Sequence[str], hazard: str = "11B03", severity: str = "Red") -> bytes:
    """A 12379 message of this minute for these townships."""
    now = datetime.now(BEIJING)
    name, (level, grade) = HAZARDS[hazard], LEVELS[severity]
    text = (
        f"铜梁区气象台{now:%Y年%m月%d日%H时%M分}发布“{name}{level}预警信号”:预计未来3小时,铜梁区{'、'.join(towns)}"
        f"将出现{name},请注意防范。"
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert><identifier>50022441600000_{now:%Y%m%d%H}{next(_numbers):04d}</identifier><sender>铜梁区气象局</sender>
<senderCode>50022441600000</senderCode><sendTime>{now:%Y-%m-%d %H:%M:%S}+08:00</sendTime><status>Actual</status>
<msgType>Alert</msgType><scope>Public</scope><references/><info><language>zh-CN</language>
<eventType>{hazard}</eventType><urgency>Unknown</urgency><severity>{severity}</severity><certainty>Unknown</certainty>
<effective>{now:%Y-%m-%d %H:%M:%S}+08:00</effective><onset/><expires/><senderName>气象台</senderName>
<headline>铜梁区气象局发布{name}{level}预警[{grade}]</headline><description>{text}</description>
<area><areaDesc>铜梁区</areaDesc><geocode>500224000000</geocode></area></info></alert>""".encode()
