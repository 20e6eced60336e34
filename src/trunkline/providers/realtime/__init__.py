"""Speech to speech: one file for each vendor."""
