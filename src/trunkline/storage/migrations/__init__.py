"""The forms that the database had, from the first on."""
