"""What a user would pick instead: the same people, the same text of one part, the same sink, the same run."""
