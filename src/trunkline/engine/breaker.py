"""Circuit breakers: which provider, on which key, is not to be asked for now, as all calls of a worker have found out.

A machine without I/O: told what failed and what worked, it says who may be asked. It logs when one opens and closes.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.base.logs import logger

FAILURES_IN_A_ROW = 5
WINDOW_SECONDS = 60.0
WINDOW_RESULTS = 10
"""With fewer results in the window their share says nothing."""
FAILURE_SHARE = 0.5
COOL_DOWN_SECONDS = 15.0
LONGEST_COOL_DOWN_SECONDS = 240.0
PROBE_SECONDS = 15.0
"""A probe that said nothing for so long (its call ended) gives way to another."""
KEY_REFUSED = frozenset({401, 402, 403})
MOST_ROUTES = 4096
PLATFORM_KEY = "platform"
_REMEMBERED = 64

_log = logger("engine")


class State(StrEnum):
    """How a circuit stands; ``half_open``: one request tries whether it works again."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Route:
    """What fails together: a model of a provider, at one address, on one key (``key`` is a fingerprint of it)."""

    stage: str
    provider: str
    model: str | None = None
    address: str | None = None
    key: str = PLATFORM_KEY


@dataclass(frozen=True, slots=True)
class BreakerFacts:
    """One circuit as others may see it: nothing of the key but whether it is an organisation's own. ``failing``: it is not
    asked for now. One whose rest is over, and that nobody has asked since, is not: nothing is known of it."""

    stage: str
    provider: str
    model: str | None
    own_key: bool
    state: State
    failures: int
    failing: bool = False


@dataclass(slots=True)
class _Circuit:
    """``results`` are the newest, each with its time and whether it worked."""

    state: State = State.CLOSED
    in_a_row: int = 0
    results: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    rests_until: float = 0.0
    cool_down_seconds: float = COOL_DOWN_SECONDS
    probed_at: float | None = None
    prober: int | None = None

    def note(self, now: float, *, worked: bool) -> None:
        self.in_a_row = 0 if worked else self.in_a_row + 1
        self.results.append((now, worked))

    def is_bad(self, now: float) -> bool:
        """Whether it failed too often."""
        if self.in_a_row >= FAILURES_IN_A_ROW:
            return True
        recent = [worked for at, worked in self.results if now - at <= WINDOW_SECONDS]
        return len(recent) >= WINDOW_RESULTS and recent.count(False) >= FAILURE_SHARE * len(recent)


class Breakers:
    """The circuits of one worker. ``clock`` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._circuits: OrderedDict[Route, _Circuit] = OrderedDict()
        self.tally: Counter[tuple[str, str, str]] = Counter()
        """What came of all requests, by stage, provider and outcome."""

    def is_open(self, route: Route) -> bool:
        """Whether it would be skipped now."""
        circuit = self._circuits.get(route)
        return circuit is not None and not self._lets_through(circuit, self._clock())

    def takes(self, route: Route, asker: int = 0) -> bool:
        """Whether a request of ``asker`` may go this way; where that is to be found out, its requests are the probe."""
        circuit = self._circuits.get(route)
        if circuit is None or circuit.state is State.CLOSED:
            return True
        now = self._clock()
        if circuit.state is State.HALF_OPEN and circuit.prober == asker:
            return True
        if not self._lets_through(circuit, now):
            return False
        circuit.state, circuit.probed_at, circuit.prober = State.HALF_OPEN, now, asker
        return True

    def probes(self, route: Route) -> bool:
        """Whether it is being tried whether this way works again."""
        circuit = self._circuits.get(route)
        return circuit is not None and circuit.state is State.HALF_OPEN

    def worked(self, route: Route) -> None:
        """A request brought a result."""
        self.tally[route.stage, route.provider, "ok"] += 1
        circuit, now = self._circuit(route), self._clock()
        if circuit.state is State.CLOSED:
            circuit.note(now, worked=True)
            return
        self._circuits[route] = _Circuit()
        _log.info("a provider works again", stage=route.stage, provider=route.provider, model=route.model)

    def failed(self, route: Route, error: Upstream) -> None:
        """A request failed. What only this request is to blame for does not count; a refused key opens at once."""
        refused = error.status in KEY_REFUSED
        self.tally[route.stage, route.provider, "failed" if refused or error.retryable else "refused"] += 1
        if not refused and not error.retryable:
            return
        circuit, now = self._circuit(route), self._clock()
        circuit.note(now, worked=False)
        if circuit.state is State.HALF_OPEN:
            circuit.cool_down_seconds = min(2 * circuit.cool_down_seconds, LONGEST_COOL_DOWN_SECONDS)
            self._open(circuit, now)
        elif circuit.state is State.CLOSED and (refused or circuit.is_bad(now)):
            self._open(circuit, now)
            _log.warning(
                "a provider is not asked for now",
                stage=route.stage,
                provider=route.provider,
                model=route.model,
                own_key=route.key != PLATFORM_KEY,
                seconds=circuit.cool_down_seconds,
                error=error.message,
            )

    def facts(self) -> list[BreakerFacts]:
        """Every circuit that was used lately."""
        now = self._clock()
        return [
            BreakerFacts(
                route.stage,
                route.provider,
                route.model,
                route.key != PLATFORM_KEY,
                circuit.state,
                sum(not worked for _, worked in circuit.results),
                not self._lets_through(circuit, now),
            )
            for route, circuit in self._circuits.items()
        ]

    def _open(self, circuit: _Circuit, now: float) -> None:
        circuit.state, circuit.probed_at = State.OPEN, None
        circuit.rests_until = now + circuit.cool_down_seconds

    def _lets_through(self, circuit: _Circuit, now: float) -> bool:
        match circuit.state:
            case State.CLOSED:
                return True
            case State.OPEN:
                return now >= circuit.rests_until
            case State.HALF_OPEN:
                return circuit.probed_at is None or now - circuit.probed_at >= PROBE_SECONDS

    def _circuit(self, route: Route) -> _Circuit:
        circuit = self._circuits.setdefault(route, _Circuit())
        self._circuits.move_to_end(route)
        if len(self._circuits) > MOST_ROUTES:
            self._circuits.popitem(last=False)
        return circuit


def fingerprint(key: SecretStr | None) -> str:
    """What tells keys apart without being one; None is the platform's."""
    if key is None:
        return PLATFORM_KEY
    return blake2b(key.get_secret_value().encode(), digest_size=8, person=b"breaker").hexdigest()
