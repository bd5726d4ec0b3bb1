"""How far it is proven that somebody knows and acts, in words for the duty room. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from warnengine.model.book import RuleBook
from warnengine.model.level import Level
from warnengine.model.proof import Proof

MANNERS = {"sms": "短信", "voice": "电话按键", "page": "链接页面", "duty_room": "值班室代录"}
STEPS = {1: "收到", 2: "已开展", 3: "已办结"}
STATES = {
    "queued": "待发",
    "sending": "正在发",
    "accepted": "0级:网关已接收,未确认送达",
    "delivered": "1级:已送达",
    "undelivered": "0级:未送达",
    "silent": "0级:超时没有回执",
    "unknown": "0级:不知网关是否收下",
    "held": "0级:不知网关是否收下,等人决定",
    "failed": "0级:发不出",
    "refused": "0级:网关未收下,再试",
    "withdrawn": "未发:不再需要",
    "expired": "未发:已过期",
}


def delivery_words(state: str) -> str:
    """What a delivery proves: at most that the telephone has it."""
    return STATES.get(state, state)


def order_words(row: Mapping[str, Any]) -> str:
    """4人:送达4,应答3,已开展1,办结0"""
    return (
        f"{row['people']}人:送达{row['reached']},应答{row['acknowledged']},已开展{row['acting']},办结{row['done']}"
    )


def shown_proof(row: Mapping[str, Any], book: RuleBook) -> dict[str, Any]:
    """An obligation with its level of proof, what the rule asks for, and both in a sentence."""
    level, proof = Level(row["level"]), Proof(row["proof"])
    required = book.ladder[level].proof if row["chased"] else Proof.SUBMITTED
    return {
        **{key: value for key, value in row.items() if key != "answers"},
        "level": level.key,
        "answers": row["answers"],
        "required": int(required),
        "enough": proof >= required,
        "words": "".join((_words(proof, row), _lacking(proof, required, row))),
    }


def _words(proof: Proof, row: Mapping[str, Any]) -> str:
    said = [_answer(answer) for answer in row["answers"]]
    if row["done_at"]:
        said.append("已办结" if row["number"] is None else f"已办结,{row['number']}人")
    elif row["items_done"]:
        said.append(f"办完{row['items_done']}/{row['items']}项")
    if row["responsible"]:
        said.append(f"由{row['responsible']}负责")
    return f"{int(proof)}级:{proof.zh}" + (f"({';'.join(said)})" if said else "")


def _lacking(proof: Proof, required: Proof, row: Mapping[str, Any]) -> str:
    if proof >= required:
        return ""
    if not row["answers"]:
        return f"。规则要求{int(required)}级"
    return f"。规则要求{int(required)}级:{'请报已开展或人数' if required == Proof.REPORTED else required.zh}"


def _answer(answer: Mapping[str, Any]) -> str:
    clock = datetime.fromisoformat(answer["at"]).strftime("%H:%M")
    step = f"办完第{answer['item']}项" if answer["item"] else STEPS[answer["step"]]
    how = f"{MANNERS[answer['manner']]}{clock}{step}"
    if answer["manner"] == "duty_room":
        how += f",{answer['by']}记录"
    if answer["who"]:
        how += f",{answer['who']}代答:{answer['why']}" + ("" if answer["counted"] else ",不算本人应答")
    elif answer["other"]:
        how += f",{answer['other']}代答"
    return how + (",迟到:指令已变更或已结束" if answer["late"] else "")
