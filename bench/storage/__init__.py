"""A million stored calls, and how long it takes to list, filter and read them."""
