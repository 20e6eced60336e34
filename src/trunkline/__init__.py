"""Trunkline: the self-hosted platform on which AI assistants make and take real phone calls."""

__version__ = "0.1.0"
