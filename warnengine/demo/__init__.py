"""A night in Tongliang: scenario, simulated phones and gateways, on real protocols."""
