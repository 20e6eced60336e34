"""The front door for people with a terminal."""
