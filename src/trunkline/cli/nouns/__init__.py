"""The API's nouns as commands."""
