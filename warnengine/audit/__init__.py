"""The chain of decisions: append-only, each row sealed over the one before."""
