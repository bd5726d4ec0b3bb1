"""The one warning that is measured: a red for every township, as the national platform sends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def red(towns: Sequence[str]) -> bytes:
    """A 12379 message of this minute."""
    now = datetime.now(BEIJING)
    text = (
        f"铜梁区气象台{now:%Y年%m月%d日%H时%M分}发布“暴雨红色预警信号”:预计未来3小时,铜梁区{'、'.join(towns)}"
        "累计雨量将达100毫米以上,请注意防范。"
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert><identifier>50022441600000_{now:%Y%m%d%H%M%S}</identifier><sender>铜梁区气象局</sender>
<senderCode>50022441600000</senderCode><sendTime>{now:%Y-%m-%d %H:%M:%S}+08:00</sendTime><status>Actual</status>
<msgType>Alert</msgType><scope>Public</scope><references/><info><language>zh-CN</language>
<eventType>11B03</eventType><urgency>Unknown</urgency><severity>Red</severity><certainty>Unknown</certainty>
<effective>{now:%Y-%m-%d %H:%M:%S}+08:00</effective><onset/><expires/><senderName>气象台</senderName>
<headline>铜梁区气象局发布暴雨红色预警[I级/特别严重]</headline><description>{text}</description>
<area><areaDesc>铜梁区</areaDesc><geocode>500224000000</geocode></area></info></alert>""".encode()
