"""From the difference between what should stand and what stands to the words that people read."""
