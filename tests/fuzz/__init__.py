"""The reader of warnings against bytes that nobody sent."""
