"""The clients in other languages, and the examples of all."""
