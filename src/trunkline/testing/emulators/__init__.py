"""Servers that speak the published protocols of the vendors, checked with the vendors' own SDKs."""
