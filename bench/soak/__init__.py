"""The soak: very many calls of random scripts, each to its right end, and nothing left behind."""
