"""What people call the channels: one word for each, on every page, in every text and document."""

from __future__ import annotations

CHANNELS = {
    "sms": "短信",
    "email": "邮件",
    "push": "网页推送",
    "wecom": "企业微信",
    "app": "本区应用",
    "loudspeaker": "大喇叭",
    "voice": "语音电话",
    "call": "人工电话",
    "extra": "其他渠道",
}


def channel_zh(kind: str) -> str:
    """短信; what has no name here keeps its own."""
    return CHANNELS.get(kind, kind)
