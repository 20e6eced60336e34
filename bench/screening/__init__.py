"""Measures how well it is told who answers a call, on a labelled set of sounds: ``python -m bench.screening``."""
