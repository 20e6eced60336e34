"""The doors between the rooms: Protocols and the plain data that passes through them."""
