"""What an operator can set about the HTTP API."""

from dataclasses import dataclass

from trunkline import __version__


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Limits and names of the API; ``app`` fills it from the environment."""

    requests_per_minute: int = 100
    controls_per_minute: int = 10
    max_body_bytes: int = 1024 * 1024
    version: str = __version__
    public_url: str = ""
    heartbeat_seconds: float = 15.0
