"""The client for asynchronous programs."""
