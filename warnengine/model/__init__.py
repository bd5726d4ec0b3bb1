"""The words of the field, as frozen types. Imports nothing of ours, does no I/O."""
