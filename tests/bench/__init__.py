"""Measurements, never asserted: `make bench` prints them side by side with a naive peer, in ratios."""
