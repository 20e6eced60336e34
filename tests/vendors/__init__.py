"""Every vendor: its adapter against its emulator, and its emulator against its own SDK."""
