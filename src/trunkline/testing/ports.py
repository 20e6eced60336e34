"""Free ports for servers that a demo, a test or a benchmark starts."""

import random
import socket
from collections import deque

_FIRST, _LAST = 10_000, 19_900
"""Below the ports that outgoing connections are given, which would take one between its being found and its use, and
below those that are set for sound."""
_TRIES = 500
_NOT_YET_TAKEN = 20
_given: deque[range] = deque(maxlen=_NOT_YET_TAKEN)
"""What was given last: whoever asked may not listen there yet."""


def free_port(neighbours: int = 1) -> int:
    """An even port of 127.0.0.1 that nobody has now, for UDP and TCP, with its next ``neighbours`` ports, and that was not
    just given to somebody else in this process. Raises OSError where there is none."""
    for _ in range(_TRIES):
        port = random.randrange(_FIRST, _LAST, 2)
        block = range(port, port + neighbours + 1)
        fresh = all(block.stop <= other.start or other.stop <= block.start for other in _given)
        if fresh and all(is_free(one) for one in block):
            _given.append(block)
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
