"""The JSON API and the callbacks of providers."""
