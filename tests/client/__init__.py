"""The Python client, against the API as it is."""
