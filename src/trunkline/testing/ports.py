"""Free ports for servers that a demo, a test or a benchmark starts."""

import random
import socket

_FIRST, _LAST = 10_000, 19_900
"""Below the ports that outgoing connections are given, which would take one between its being found and its use, and
below those that are set for sound."""
_TRIES = 200
_given: set[int] = set()


def free_port(neighbours: int = 1) -> int:
    """An even port of 127.0.0.1 that nobody has now, for UDP and TCP, with its next ``neighbours`` ports; never the same
    one twice in this process. Raises OSError where there is none."""
    for _ in range(_TRIES):
        port = random.randrange(_FIRST, _LAST, 2)
        block = range(port, port + neighbours + 1)
        if _given.isdisjoint(block) and all(is_free(one) for one in block):
            _given.update(block)
            return port
    raise OSError("no free port on 127.0.0.1")


def is_free(port: int) -> bool:
    """Whether nobody has this port of 127.0.0.1, for UDP nor for TCP."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
