"""What should stand: rule book × situation, and why. Pure; the live engine, explain and preview call the same."""
