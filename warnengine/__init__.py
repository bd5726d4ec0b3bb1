"""warnengine: weather warnings become action orders that named people answer."""

__version__ = "0.1.0"
