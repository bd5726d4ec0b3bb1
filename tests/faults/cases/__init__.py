"""The scripts, by what they break."""
