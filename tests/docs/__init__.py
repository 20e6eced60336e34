"""The README and the manual, proven."""
