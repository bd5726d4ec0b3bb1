"""Faults: each case breaks something real around a real `warnengine serve`, and is judged by what shares no code with it.

python -m tests.faults [--core] [--only 1,5] [--list]
"""
