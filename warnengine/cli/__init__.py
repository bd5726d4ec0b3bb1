"""The command line. Exit codes: 0 done, 1 the answer is no, 2 wrong use. No traceback reaches a user."""

from __future__ import annotations

import logging
import os
import sys
import tomllib

import structlog
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from warnengine.cli import audit, consult, directory, drill, quarantine, report, retention, rules, trial
from warnengine.cli.explain import explain
from warnengine.cli.intake import ingest, parse
from warnengine.cli.observations import observe
from warnengine.cli.running import demo, doctor, serve
from warnengine.cli.simulate import simulate
from warnengine.cli.stops import halt, resume
from warnengine.cli.terminal import fail
from warnengine.model.errors import WarnEngineError

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for command in (serve, demo, parse, observe, halt, resume, doctor):
    cli.command()(command)
cli.command(help="把来文交给系统,和接口收到的一样办;正在运行的引擎马上执行。")(ingest)
cli.command(help="只推演、不发送:这些来文会让谁收到哪条指令,其余的人为什么不收到。")(explain)
cli.command(help="只推演、不发送:一次过程的来文逐条重放,每人收到几条;加 --against 看改了规则谁多谁少。")(simulate)
cli.add_typer(rules.group, name="rules")
cli.add_typer(directory.group, name="directory")
cli.add_typer(consult.group, name="consult")
cli.add_typer(audit.group, name="audit")
cli.add_typer(drill.group, name="drill")
cli.add_typer(trial.group, name="trial")
cli.add_typer(report.group, name="report")
cli.add_typer(quarantine.group, name="quarantine")
cli.add_typer(retention.group, name="retention")


def main() -> None:
    """Run a command; every expected failure is one sentence on standard error."""
    _log_as_json()
    try:
        cli()
    except WarnEngineError as error:
        fail(str(error))
    except ValidationError as error:
        places = (f"WARNENGINE_{'__'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors())
        fail("the settings do not pass\n" + "\n".join(places), code=2)
    except (SettingsError, tomllib.TOMLDecodeError) as error:
        fail(f"{os.environ.get('WARNENGINE_CONFIG', 'the settings')}: {error}", code=2)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def _log_as_json() -> None:
    """One JSON line per event, on standard error."""
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
    # Whoever needed a connection tells of its loss, without a traceback.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
