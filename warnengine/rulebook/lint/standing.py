"""Standing authorisations: for what there is, for whom it is, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from warnengine.model.book import Authorisation
from warnengine.model.clock import BEIJING
from warnengine.model.finding import Finding, did_you_mean
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.parse import Located

LONGEST = timedelta(days=400)
"""年度审定: what is longer has not been looked at for more than a year."""
NOTICE = timedelta(days=30)
"""How long before its end it is spoken of."""


def check(draft: Draft) -> Iterator[Finding]:
    """`standing` of approvals.yaml. A book that was good yesterday loads today: what is over is a warning."""
    today = datetime.now(BEIJING).date()
    for one in draft.standing:
        yield from _names(one, draft)
        yield from _days(one, today)


def _names(one: Located[Authorisation], draft: Draft) -> Iterator[Finding]:
    for index, id_ in enumerate(one.value.measures):
        measure = draft.measure_by_id.get(id_)
        if measure is None:
            if id_ not in draft.broken:
                compulsory = [key for key, owned in draft.measure_by_id.items() if owned.value.compulsory]
                yield one.error(f"没有措施“{id_}”", did_you_mean(id_, compulsory), "measures", index)
        elif not measure.value.compulsory:
            yield one.warning(f"{id_} 不是强制措施,不用授权", "请删去", "measures", index)
    for index, code in enumerate(one.value.units):
        if code not in draft.unit_by_code and code not in draft.broken:
            yield one.error(f"没有单位“{code}”", did_you_mean(code, draft.unit_by_code), "units", index)


def _days(one: Located[Authorisation], today: date) -> Iterator[Finding]:
    rule = one.value
    if rule.valid_to < rule.valid_from:
        yield one.error("授权还没有开始就结束了", "valid_to 写最后一天", "valid_to")
    elif rule.valid_to - rule.valid_from > LONGEST:
        yield one.error(f"授权期超过 {LONGEST.days} 天", "请每年审定一次", "valid_to")
    elif rule.valid_to < today:
        yield one.warning(f"{rule.document}已经过期,所列措施又要逐次审批", "请续办或删去", "valid_to")
    elif rule.valid_to - today <= NOTICE:
        yield one.warning(f"{rule.document}到 {rule.valid_to} 为止", "请及时续办", "valid_to")
