"""Run as `python -m warnengine`."""

from warnengine.cli import main

main()
