"""The live call: a machine that decides (conversation) and the shells that do what it says."""
