"""What every measured system sends to: one process with a door for each protocol. It keeps counts, no texts."""
