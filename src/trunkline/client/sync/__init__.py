"""The client for asynchronous programs."""
# Made from its namesake in aio/ by `make docs`; do not edit.
