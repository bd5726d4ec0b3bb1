"""The command line. Exit codes: 0 done, 1 the answer is no, 2 wrong use. No traceback reaches a user."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import structlog
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from warnengine import app as application
from warnengine import rulebook
from warnengine.app.doctor import examine
from warnengine.app.sides import drill_side
from warnengine.audit import anchor, chain
from warnengine.audit.retention import Keeper
from warnengine.directory import gaps, read_csv
from warnengine.health.account import WORDS
from warnengine.health.check import Check, fit, table
from warnengine.ingest import formats
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.report import describe
from warnengine.match.desired import desired
from warnengine.model.arrival import Arrival, Verdict
from warnengine.model.digest import Preview
from warnengine.model.errors import RefusedWarning, WarnEngineError
from warnengine.model.finding import Severity, together
from warnengine.model.retention import told
from warnengine.settings import Settings
from warnengine.store.audit import AuditStore
from warnengine.store.controls import HaltStore
from warnengine.store.drill import prepare
from warnengine.store.people import PeopleStore
from warnengine.store.retention import RetentionStore
from warnengine.store.trial import TrialStore

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
rules = typer.Typer(no_args_is_help=True, help="The rule book: 一行业一措施、一乡镇一方案.")
directory = typer.Typer(no_args_is_help=True, help="Who holds which post.")
audit = typer.Typer(no_args_is_help=True, help="The chain of decisions.")
cli.add_typer(rules, name="rules")
cli.add_typer(directory, name="directory")
cli.add_typer(audit, name="audit")
drill = typer.Typer(no_args_is_help=True, help="演练: as live, on other routes, keys, people and texts.")
trial = typer.Typer(no_args_is_help=True, help="试运行: live input, only the duty room receives.")
cli.add_typer(drill, name="drill")
cli.add_typer(trial, name="trial")
report = typer.Typer(no_args_is_help=True, help="The official tables.")
cli.add_typer(report, name="report")
retention = typer.Typer(no_args_is_help=True, help="How long what is about people is kept.")
cli.add_typer(retention, name="retention")

Files = Annotated[list[Path], typer.Argument(help="Files of any known format; - is standard input.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON line per file.")]


def main() -> None:
    """Run a command; every expected failure is one sentence on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    logging.getLogger("asyncpg").setLevel(
        logging.CRITICAL
    )  # whoever needed a connection tells, without a traceback
    try:
        cli()
    except WarnEngineError as error:
        _fail(str(error))
    except ValidationError as error:
        places = (f"WARNENGINE_{'__'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors())
        _fail("the settings do not pass\n" + "\n".join(places), code=2)
    except (SettingsError, tomllib.TOMLDecodeError) as error:
        _fail(f"{os.environ.get('WARNENGINE_CONFIG', 'the settings')}: {error}", code=2)
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def _settings() -> Settings:
    """The settings; a variable that means nothing is a mistake, not something to pass over."""
    file = os.environ.get("WARNENGINE_CONFIG")
    if file and not Path(file).is_file():
        _fail(f"there is no settings file {file}: correct WARNENGINE_CONFIG or take it away", code=2)
    known = {"CONFIG", *(name.upper() for name in Settings.model_fields)}
    given = {name.upper() for name in os.environ if name.upper().startswith("WARNENGINE_")}
    strange = sorted(name for name in given if name.removeprefix("WARNENGINE_").partition("__")[0] not in known)
    if strange:
        _fail(f"{', '.join(strange)}: there is no such setting; there are {', '.join(sorted(known))}", code=2)
    settings = Settings()
    if settings.installation == "drill":
        _fail("WARNENGINE_INSTALLATION is never drill: start a drill with `warnengine drill serve`", code=2)
    return settings


@cli.command()
def serve(
    roles: Annotated[str, typer.Option(help="Which parts this process runs.")] = "ingest,dispatch,ladder,console",
) -> None:
    """Run the engine until it is told to stop."""
    _serve(_settings(), roles)


def _serve(settings: Settings, roles: str) -> None:
    wanted = frozenset(role.strip() for role in roles.split(","))
    if strange := wanted - application.ROLES:
        raise typer.BadParameter(
            f"{', '.join(sorted(strange))}: choose from {', '.join(sorted(application.ROLES))}"
        )
    asyncio.run(application.serve(settings, wanted))


@cli.command()
def demo(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    speed: Annotated[float, typer.Option(help="Seconds to pause between events, to watch.")] = 0.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running, link pages open.")] = False,
    breaking: Annotated[
        bool, typer.Option("--break", help="Kill engine, broker, database and a gateway during the red.")
    ] = False,
    data: Annotated[Path | None, typer.Option(help="Data folder; a fresh temporary one by default.")] = None,
) -> None:
    """Play a night in Tongliang, from the first blue to the last all-clear, and account for every message."""
    from warnengine.demo.conductor import Options, play

    raise typer.Exit(play(Options(json=json_file, speed=speed, keep=keep, breaking=breaking, data=data)))


@cli.command()
def parse(files: Files, as_json: Json = False) -> None:
    """Say how the engine reads warnings, without taking them in."""
    book = rulebook.load(_settings().rules)
    reading = Reading({book.district.code: book.district}, book.hazard_table)
    results = [_parsed(file, reading) for file in files]
    for result in results:
        print(json.dumps(result, ensure_ascii=False, indent=None if as_json else 2))
    raise typer.Exit(0 if all(result["ok"] for result in results) else 1)


@cli.command()
def ingest(files: Files) -> None:
    """Hand warnings to the engine's store; a running engine acts on them at once."""
    _ingested(_settings(), files)


def _ingested(settings: Settings, files: list[Path]) -> None:
    verdicts = _run(_ingest(settings, files))
    raise typer.Exit(0 if Verdict.QUARANTINED not in verdicts else 1)


@rules.command("check")
def rules_check(folder: Annotated[Path, typer.Argument()] = Path("rules")) -> None:
    """Everything that is wrong with a rule book, with file, line and fix."""
    findings = rulebook.check(folder)
    print(*together(findings), sep="\n")
    weights = Counter(finding.severity for finding in findings)
    print(f"{folder}: " + ", ".join(f"{weights[weight]} {weight}s" for weight in Severity))
    raise typer.Exit(1 if weights[Severity.ERROR] else 0)


@rules.command("test")
def rules_test(folder: Annotated[Path, typer.Argument()] = Path("rules")) -> None:
    """Run the cases of a rule book: given this warning, these units get these orders, those do not."""
    failures = rulebook.run_cases(folder, desired)
    print(*failures, sep="\n")
    count = len(list((folder / "cases").glob("*.yaml")))
    print(f"{folder}: {count} files of cases, {len(failures)} complaints")
    raise typer.Exit(1 if failures or not count else 0)


@directory.command("import")
def directory_import(file: Path) -> None:
    """Make this address list the one that counts."""
    _imported(_settings(), file)


def _imported(settings: Settings, file: Path) -> None:
    book = rulebook.load(settings.rules)
    listed = read_csv(file.read_bytes(), book, str(file))
    for gap in gaps(listed, book):
        print(gap)
    _run(_import(settings, book.district.code, book.district.name, listed))
    print(f"{len(listed.people)} people in {len(listed.holdings)} posts")


@directory.command("check")
def directory_check(file: Path) -> None:
    """What is wrong with an address list, and what is missing from it."""
    book = rulebook.load(_settings().rules)
    listed = read_csv(file.read_bytes(), book, str(file))
    found = gaps(listed, book)
    print(*found, sep="\n")
    print(f"{file}: {len(listed.people)} people in {len(listed.holdings)} posts, {len(found)} complaints")
    raise typer.Exit(1 if found else 0)


@audit.command("verify")
def audit_verify() -> None:
    """Recompute the chain of decisions, and compare the tables with it."""
    found, differences = _run(_verify())
    if found.broken is not None:
        _fail(f"the chain breaks at row {found.broken}: somebody has changed or removed a decision")
    if differences:
        _fail("the tables are not what the chain has sealed\n" + "\n".join(map(str, differences)))
    print(f"{found.rows} decisions, the chain holds; head {found.head}")


@cli.command()
def halt(
    by: Annotated[str, typer.Option(help="Who stops it, by name.")],
    why: Annotated[str, typer.Option(help="Why, in a few words.")],
    district_code: Annotated[str, typer.Option("--district", help="Only this district.")] = "",
    order: Annotated[str, typer.Option(help="Only this order, by its number.")] = "",
) -> None:
    """Stop everything that has not left yet, in every process, until another person says `resume`."""
    scope = "order" if order else "district" if district_code else "all"
    stop = _run(_halts(lambda halts: halts.halt(scope, order or district_code, by, why)))
    print(
        f"stop {stop['id']} is in force, nothing new leaves; another person: warnengine resume {stop['id']} --by …"
    )


@cli.command()
def resume(
    number: Annotated[int, typer.Argument(help="Of the stop.")],
    by: Annotated[str, typer.Option(help="Who ends it: an operator of the settings, not who stopped it.")],
    token: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Their token.")],
) -> None:
    """End a stop; what it held is judged again and goes if it still should."""
    known = next((one for one in _settings().operators if one.name == by), None)
    if known is None or not hmac.compare_digest(known.token.get_secret_value().encode(), token.encode()):
        _fail(f"{by}: no such operator in WARNENGINE_OPERATORS, or another token")
    if known.role == "bureau":
        _fail(f"{by} is of the bureau: somebody of the duty room or a leader ends a stop")
    stop = _run(_halts(lambda halts: halts.resume(number, by, leader=known.role == "leader")))
    held = stop["held"]
    print(
        f"stop {number} has ended: {held['waiting']} waited, {held['expired']} over, {held['superseded']} replaced"
    )


async def _halts(act: Callable[[HaltStore], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    async with application.opened(_settings()) as database:
        return await act(HaltStore(database))


@cli.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON list of the checks.")] = False) -> None:
    """Say whether this installation is fit to be trusted tonight, and what to do where it is not."""
    checks = _run(_examined())
    rows = [check.plain() for check in checks]
    print(json.dumps(rows, ensure_ascii=False) if as_json else table(checks))
    raise typer.Exit(0 if fit(checks) else 1)


@report.command("reconcile")
def report_reconcile() -> None:
    """Account for the last day: what came in, what became of it, and what nobody can explain."""
    account = _run(_accounted())
    print(*(f"{one.what} {one.id}: {WORDS[one.what]}" for one in account.unexplained), sep="\n", end="")
    print(("\n" if account.unexplained else "") + account.line)
    raise typer.Exit(1 if account.unexplained else 0)


@report.command("roll-call")
def report_roll_call(
    start: Annotated[bool, typer.Option("--start", help="Call the roll now; a running engine sends it.")] = False,
    by: Annotated[str, typer.Option(help="Who calls it.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The table as JSON.")] = False,
) -> None:
    """The last roll-call (点名): 应到, 实到, 未应答, 号码无效."""
    if start and not by:
        raise typer.BadParameter("say who calls it: --start --by NAME")
    shown = _run(_roll_call(by if start else None))
    if shown is None:
        _fail("there was no roll-call yet: begin one with --start --by NAME")
    if as_json:
        print(json.dumps(shown, ensure_ascii=False))
        return
    for one in shown["people"]:
        print(f"{one['presence']}\t{one['name']}\t{'、'.join(one['posts'])}")
    print(f"{shown['at'][:16]} {shown['words']}")


async def _roll_call(by: str | None) -> dict[str, Any] | None:
    settings = _settings()
    async with application.opened(settings) as database:
        engine = application.Engine(settings, rulebook.load(settings.rules), database, frozenset())
        if by and await engine.roll.call(by) is None:
            _fail("a roll-call is open already: `warnengine report roll-call` shows it")
        return await engine.roll.shown()


@retention.command("plan")
def retention_plan() -> None:
    """Say what would go now, what stays although its term is over, and why. Nothing goes."""
    settings = _settings()
    if not settings.retention.years:
        print("WARNENGINE_RETENTION__YEARS is not set: everything is kept for ever")
        return
    print(*told(_run(_kept(settings, lambda keeper: keeper.plan())), settings.retention.years), sep="\n")


@retention.command("drop")
def retention_drop(
    by: Annotated[str, typer.Option(help="Who lets it go, by name; it stands in the audit chain.")],
) -> None:
    """Let the months go that `plan` names. A running engine does so by itself, once an hour."""
    settings = _settings()
    if not settings.retention.years:
        _fail("WARNENGINE_RETENTION__YEARS is not set: nothing may go", code=2)
    gone = _run(_kept(settings, lambda keeper: keeper.work(by)))
    print(*(f"{month.name} is gone" for month in gone), sep="\n") if gone else print("nothing went")


async def _kept(settings: Settings, act: Callable[[Keeper], Awaitable[Any]]) -> Any:
    async with application.opened(settings) as database:
        kept = settings.retention
        return await act(Keeper(RetentionStore(database), kept.years, kept.named_years))


async def _examined() -> list[Check]:
    return [check async for check in examine(_settings())]


async def _accounted() -> Any:
    settings = _settings()
    async with application.opened(settings) as database:
        engine = application.Engine(settings, rulebook.load(settings.rules), database, frozenset())
        return await engine.accountant.make()


@drill.command("serve")
def drill_serve(
    roles: Annotated[str, typer.Option(help="Which parts this process runs.")] = "ingest,dispatch,ladder,console",
) -> None:
    """Run the drill beside the live engine. It pauses while a live order at orange or red stands."""
    _serve(drill_side(_settings()), roles)


@drill.command("ingest")
def drill_ingest(files: Files) -> None:
    """Hand messages of the status Exercise or Test to the drill."""
    _ingested(drill_side(_settings()), files)


@drill.command("import")
def drill_import(file: Path) -> None:
    """Make this address list the one of the drill; the live one is not readable from there."""
    _imported(drill_side(_settings()), file)


@drill.command("prepare")
def drill_prepare() -> None:
    """Make the drill's schema and role in a PostgreSQL of your own; the embedded one needs no such step."""
    settings = _settings()
    side = drill_side(settings)
    if not settings.database or not side.database:
        print("the embedded database needs no preparation: `warnengine drill serve` does it")
        return
    _run(prepare(settings.database.get_secret_value(), side.database.get_secret_value()))
    print("the drill has a schema and a role of its own, which reads nothing live but one flag")


By = Annotated[str, typer.Option("--by", help="Your name, or key, in the address list.")]


@trial.command("go-live")
def trial_go_live(
    by: By,
    send_anew: Annotated[
        bool, typer.Option("--send-anew", help="Issue the orders in force again, to the officials.")
    ] = False,
) -> None:
    """Show what going live would do, and ask for it. Somebody else confirms with `trial confirm`."""
    number, standing = _run(_go_live(by, send_anew=send_anew))
    for row in standing:
        print(f"{row['unit']} {row['hazard']} {row['level']}: {row['people']} people")
    fate = "are issued again, to the officials" if send_anew else "are put aside, and nobody is told of them"
    print(f"request {number}: {len(standing)} orders in force {fate}; timers, tasks and requests of the trial end")
    print(f"somebody else, within the hour: warnengine trial confirm {number} --by NAME")


@trial.command("confirm")
def trial_confirm(number: int, by: By) -> None:
    """Go live. Stop the engines before; start them with WARNENGINE_INSTALLATION=live after."""
    standing = _run(_go_live(by, number=number))
    print(f"this installation is live; {len(standing)} orders stood. Start it with WARNENGINE_INSTALLATION=live")


async def _go_live(by: str, *, send_anew: bool = False, number: int | None = None) -> Any:
    settings = _settings()
    book = rulebook.load(settings.rules)
    async with application.opened(settings) as database:
        store = TrialStore(database)
        facts = {
            "book": book.hash,
            "gateways": sorted(gateway.name for gateway in settings.gateways),
            "posts": await PeopleStore(database).count(book.district.code),
        }
        preview = Preview(book.district.code, facts, send_anew)
        if number is None:
            return await store.ask(preview, by)
        with contextlib.ExitStack() as held:
            if not settings.database:
                held.enter_context(application.owned(settings.data))
            return await store.confirm(number, preview, by)


async def _ingest(settings: Settings, files: list[Path]) -> list[Verdict]:
    async with application.opened(settings) as database:
        engine = application.Engine(settings, rulebook.load(settings.rules), database, frozenset())
        taken = []
        for file in files:
            one = await engine.take(
                Arrival("command", f"{file}@{datetime.now().astimezone().isoformat()}", _bytes(file))
            )
            print(f"{file}: {one.verdict}" + (f" ({one.reason}: {one.explanation})" if one.reason else ""))
            taken.append(one.verdict)
        return taken


async def _import(settings: Settings, code: str, name: str, listed: Any) -> None:
    async with application.opened(settings) as database:
        files = application.book_files(settings.rules)
        engine = application.Engine(settings, rulebook.load(settings.rules), database, frozenset())
        await engine.orders.publish(code, name, engine.book.hash, files)
        await PeopleStore(database).replace(code, listed)


async def _verify() -> tuple[chain.Finding, list[chain.Difference]]:
    settings = _settings()
    async with application.opened(settings) as database:
        store = AuditStore(database)
        anchors = anchor.read(settings.anchors)
        found = await chain.verify((chain.Link(*row) async for row in store.chain()), anchors)
        return found, [chain.Difference(**row) for row in await store.differences(None)]


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def _parsed(file: Path, reading: Reading) -> dict[str, Any]:
    try:
        warnings = formats.read(_bytes(file), reading)
    except (RefusedWarning, OSError) as error:
        return {"file": str(file), "ok": False, "format": None, "warnings": [], "error": str(error)}
    return {
        "file": str(file),
        "ok": True,
        "format": warnings[0].format if warnings else None,
        "warnings": [entry for warning in warnings for entry in describe(warning)],
        "error": None,
    }


def _bytes(file: Path) -> bytes:
    return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()


def _fail(message: str, code: int = 1) -> NoReturn:
    print(f"warnengine: {message}", file=sys.stderr)
    sys.exit(code)
