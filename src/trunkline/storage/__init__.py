"""The database, the vault and the recordings' disk: everything that outlives the process."""
