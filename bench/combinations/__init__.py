"""Whole calls through every combination of vendors."""
