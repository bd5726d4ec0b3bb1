"""What every peer sends to whom."""

from __future__ import annotations

TEXT = "【铜梁应急】暴雨红色 安居镇:22:49前值班员到岗。收到回1,办完回3"
"""As the engine writes it with the bench's book: one part."""


def number(n: int) -> str:
    return f"+86199{n:08d}"
