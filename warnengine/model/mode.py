"""The words by which a text shows that it is not for real."""

from __future__ import annotations

from warnengine.model.bundle import Written
from warnengine.model.delivery import Text

DRILL = "【演练】"
"""First and last in every text of a drill, on every channel."""
TRIAL = "试运行,拟发:"
"""Heads every text of a trial; what follows is what would have gone out."""
NAMES = {"drill": "演练", "trial": "试运行", "demo": "演示", "live": "实战"}
"""Kinds of installation as people read them."""
BANNERS = {
    "drill": "演练:这不是真实指令,请按演练方案应答,不要采取实际行动",
    "trial": "试运行:只供值班室核对,没有发给任何责任人",
}
"""Heads every page of such an installation."""


def is_drill(text: Text | Written) -> bool:
    """Whether every form that a text has is marked as a drill at both ends; the short one it always has."""
    forms = [text.short, text.body] if text.body else [text.short]
    ends = all(words.startswith(DRILL) and words.endswith(DRILL) for words in forms)
    headed = not text.subject or text.subject.startswith(DRILL)
    return ends and headed and (not text.html or text.html.count(DRILL) >= 2)
