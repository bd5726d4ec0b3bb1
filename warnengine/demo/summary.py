"""The verdict for people: tables and panels that also read well in a plain pipe, 100 columns wide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich import box
from rich.align import Align
from rich.cells import chop_cells
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from warnengine.demo.oracle_verdict import MEANINGS, Bubble, Finding, Phone, Row, Verdict

COLOURS = {0: ("–", "dim"), 1: ("蓝", "blue"), 2: ("黄", "yellow"), 3: ("橙", "dark_orange"), 4: ("红", "red")}
HEADINGS = {
    "township": "Townships",
    "committee": "Zone committees",
    "sector": "Sectors",
    "village": "Villages",
    "grid": "Grids",
}
WIDTH = 100
SHOWN = 12
"""Findings shown of each kind; the rest are counted."""


def show(verdict: Verdict, console: Console) -> None:
    """Print the whole verdict: units, who could not be reached, one phone, the counts and the findings."""
    for kind, rows in _by_kind(verdict.rows):
        console.print(_units(HEADINGS[kind], rows), "", width=WIDTH)
    for part in _closing(verdict):
        console.print(part, width=WIDTH)


def _by_kind(rows: Sequence[Row]) -> Iterable[tuple[str, list[Row]]]:
    for kind in dict.fromkeys(row.kind for row in rows):
        yield kind, [row for row in rows if row.kind == kind]


def _closing(verdict: Verdict) -> Iterable[RenderableType]:
    if unreachable := [row for row in verdict.rows if row.unreachable]:
        yield _unreachable(unreachable)
    if verdict.phone:
        yield _phone(verdict.phone)
    yield _counts(verdict)
    yield _judgement(verdict.findings)


def _units(title: str, rows: Sequence[Row]) -> Table:
    table = Table(
        title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", padding=0, show_edge=False
    )
    table.add_column("unit", no_wrap=True, min_width=18)
    table.add_column("gravest", justify="center")
    for name in ("ordered", "sent", "delivered", "acknowledged", "acting", "done", "escalated", "unreachable"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(row.unit, Text(*COLOURS[row.gravest]), *_numbers(row))
    return table


def _numbers(row: Row) -> Iterable[Text]:
    yield Text(str(row.ordered))
    yield Text(str(row.sent), style="" if row.sent == row.ordered else "yellow")
    for number in (row.delivered, row.acknowledged, row.acting, row.done, row.escalated):
        yield Text(str(number) if number else "·")
    yield Text(str(len(row.unreachable)) if row.unreachable else "·", style="yellow")


def _unreachable(rows: Sequence[Row]) -> Table:
    table = Table(
        title="Not reached, and why",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
        show_edge=False,
    )
    table.add_column("unit", no_wrap=True)
    table.add_column("who and why")
    for row in rows:
        table.add_row(row.unit, "\n".join(row.unreachable))
    return table


def _phone(phone: Phone) -> Align:
    bubbles = [_bubble(bubble) for bubble in phone.bubbles] or [Text("no messages", style="dim")]
    title = Text(f"{phone.owner} · {phone.unit} {phone.post}")
    return Align.center(Panel(Group(*bubbles), title=title, width=64, box=box.ROUNDED, padding=(1, 1)))


def _bubble(bubble: Bubble) -> RenderableType:
    time = Text(f"{bubble.moment:%m-%d %H:%M}", style="dim", justify="center")
    inset = (0, 8, 1, 0) if bubble.theirs else (0, 0, 1, 24)
    style = "" if bubble.theirs else "green"
    # Chinese breaks anywhere; left alone, long sentences would wait for a space.
    text = "\n".join(piece for line in bubble.text.splitlines() for piece in chop_cells(line, 48))
    panel = Panel(Text(text), box=box.ROUNDED, style=style, padding=(0, 1), expand=False)
    side: RenderableType = panel if bubble.theirs else Align.right(panel)
    return Group(time, Padding(side, inset))


def _counts(verdict: Verdict) -> Panel:
    grid = Table.grid(padding=(0, 3))
    for _ in range(3):
        grid.add_column(justify="right", style="bold")
        grid.add_column()
    cells = [
        (verdict.warnings, "warnings"),
        (verdict.orders, "orders"),
        (verdict.deliveries, "deliveries"),
        (verdict.accepted, "accepted"),
        (verdict.delivered, "delivered"),
        (verdict.acknowledged, "acknowledged"),
        (verdict.escalated, "escalated"),
        (verdict.unreachable, "unreachable"),
        (verdict.duplicates, "possible duplicates"),
        (f"{verdict.first_submit_p99_s:.1f} s", "first submit, p99"),
        (f"{verdict.median_messages:g}", "messages a person, median"),
        (verdict.maximum_messages, "messages a person, maximum"),
    ]
    for start in range(0, len(cells), 3):
        grid.add_row(*(str(part) for cell in cells[start : start + 3] for part in cell))
    return Panel(grid, title="The night in numbers", box=box.ROUNDED)


def _judgement(findings: Sequence[Finding]) -> Panel:
    title = f"{len(findings)} unexplained"
    if not findings:
        text = "0 unexplained: every message on a phone has its reason, and everybody due was told or is listed."
        return Panel(Text(text), title=title, border_style="green", box=box.ROUNDED)
    return Panel(Group(*_findings(findings)), title=title, border_style="red", box=box.ROUNDED)


def _findings(findings: Sequence[Finding]) -> Iterable[Text]:
    for kind, number in Counter(finding.kind for finding in findings).most_common():
        yield Text(f"{number} {kind}: {MEANINGS[kind]}", style="bold")
        own = [finding for finding in findings if finding.kind == kind]
        yield from (Text(f"  {_told(finding)}") for finding in own[:SHOWN])
        if len(own) > SHOWN:
            yield Text(f"  … and {len(own) - SHOWN} more", style="dim")


def _told(finding: Finding) -> str:
    time = f"{finding.moment:%m-%d %H:%M} " if finding.moment else ""
    text = f" “{finding.text}”" if finding.text else ""
    return f"{time}{finding.sentence}{text}"
