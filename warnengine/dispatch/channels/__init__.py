"""One module per channel; each passes the conformance suite in tests/channels."""
