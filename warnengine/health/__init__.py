"""Knowing that silence is health: the canary, the sign of life, the account, the roll-call, the ballast."""
