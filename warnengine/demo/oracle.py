"""The night judged from the simulators' own log: was everything sent explained, was everything due sent?

The oracle shares nothing with the engine. It reads the scenario's XML, the rule files, the directory and the log
by itself, and treats what the engine says of itself as claims to be audited.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from warnengine.demo import oracle_table as table
from warnengine.demo.oracle_account import Account
from warnengine.demo.oracle_checks import findings
from warnengine.demo.oracle_log import read_log
from warnengine.demo.oracle_night import Event, read_night
from warnengine.demo.oracle_rules import read_rules
from warnengine.demo.oracle_verdict import EngineClaims, Finding, Verdict

__all__ = ["EngineClaims", "Event", "Finding", "Verdict", "judge"]

PHONE = ("安居镇", "vice")
"""Township and post of the phone that the verdict shows."""


def judge(log: Path, scenario: Sequence[Event], rules: Path, directory: Path, claims: EngineClaims) -> Verdict:
    """Judge one night.

    Args:
        log: Lines of JSON that the simulated gateways and phones wrote.
        scenario: Everything that arrived, good or bad, once or several times.
        rules: Folder of the rule files.
        directory: CSV file of the people.
        claims: What the engine's own API says of orders, deliveries, approvals and tasks.

    Raises:
        ValueError: the log is damaged, or the scenario holds nothing to judge.
    """
    read = read_rules(rules, directory)
    account = Account(read, read_night(scenario, read.towns), read_log(log), claims)
    median, maximum = table.burden(account)
    rows = table.rows(account)
    return Verdict(
        warnings=len(account.night.changes),
        orders=len(claims.orders),
        deliveries=len(claims.deliveries),
        accepted=len(account.sent),
        delivered=sum(sent.copy.delivered for sent in account.sent),
        acknowledged=table.acknowledged(account),
        escalated=len(table.escalations(account)),
        unreachable=len({reason for row in rows for reason in row.unreachable}),
        duplicates=sum(sent.again for sent in account.sent),
        first_submit_p99_s=table.percentile(table.waits(account), 0.99),
        median_messages=median,
        maximum_messages=maximum,
        findings=tuple(findings(account)),
        rows=rows,
        phone=table.phone(account, *PHONE),
    )
