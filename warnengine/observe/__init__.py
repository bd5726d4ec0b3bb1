"""Observations against thresholds: what gauges show, what that means, and what must be told. Pure."""
