"""Fuzz the reader, guided by what it covers: only RefusedWarning may leave it, within a second and without growing.

    pip install atheris
    python -m tests.fuzz --seconds 3600 [--corpus FOLDER]

The corpus begins with the real messages beside the project (or in the folder named by WARNENGINE_MESSAGES) and grows in
FOLDER. What breaks the reader is left there as `crash-…`, `timeout-…` or `oom-…`; the exit code is then not 0.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from pathlib import Path

import atheris

from tests.fuzz.mutate import mutated

PROJECT = Path(__file__).parents[2]
MESSAGES = Path(os.environ.get("WARNENGINE_MESSAGES", PROJECT.parent / "shared" / "messages"))
LONGEST = 64 * 1024
SLOW = 5
"""Seconds after which reading one message counts as a hang; instrumented, on a busy machine."""
MEMORY_MB = 1024
STRUCTURED = 0.8
"""Share of mutations that keep the form."""

with atheris.instrument_imports(include=["warnengine.ingest", "warnengine.model"]):
    from warnengine.ingest.formats import Reading, read
    from warnengine.ingest.formats.report import describe
    from warnengine.model.errors import RefusedWarning
    from warnengine.rulebook import load

BOOK = load(PROJECT / "rules")
READING = Reading({BOOK.district.code: BOOK.district}, BOOK.hazard_table)


def one(raw: bytes) -> None:
    """One message, whatever it is."""
    try:
        for warning in read(raw, READING):
            describe(warning)
    except RefusedWarning as refusal:
        if not (refusal.reason and str(refusal)):
            raise AssertionError("A refusal without a reason or without words") from refusal


def neighbour(raw: bytes, most: int, seed: int) -> bytes:
    """Mostly a message of the same form, for bytes changed at random are seldom XML; else libFuzzer's own."""
    chance = random.Random(seed)
    found = mutated(raw, chance) if chance.random() < STRUCTURED else bytes(atheris.Mutate(raw, most))
    return found if len(found) <= most else bytes(atheris.Mutate(raw, most))


def main() -> None:
    """Hand over to libFuzzer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path, default=PROJECT / ".fuzz")
    options = parser.parse_args()
    options.corpus.mkdir(exist_ok=True)
    seeds = sorted({str(file.parent) for file in MESSAGES.rglob("*") if file.is_file()})
    limits = {"max_total_time": options.seconds, "max_len": LONGEST, "timeout": SLOW, "rss_limit_mb": MEMORY_MB}
    told = [f"-{name}={value}" for name, value in limits.items()]
    told += [f"-artifact_prefix={options.corpus}/", "-print_final_stats=1", str(options.corpus), *seeds]
    atheris.Setup([sys.argv[0], *told], one, custom_mutator=neighbour)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
