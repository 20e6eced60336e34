"""What can be set about the work in the background; tests make the times short."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from trunkline.domain.assistant import LlmConfig

RETRY_SECONDS = (5.0, 15.0, 45.0, 120.0, 330.0, 930.0, 2640.0, 7500.0, 21600.0)
FILE_NAME = "jobs.db"


@dataclass(frozen=True, slots=True)
class JobSettings:
    """``worker_id`` is the stable name of this worker: the same after a restart, never shared by two processes.

    ``database_url`` is where workflows are kept (see ``jobs_database``). A delivery is tried once and then again after
    each of ``retry_seconds``, give or take ``jitter`` of it; a later one of the same call overtakes it when it has been
    failing for ``overtake_seconds``. How many are under way at once is bounded, also for each address and organisation (see
    ``jobs.lanes``). A worker that died in an attempt is stood in for after ``claim_seconds``.
    ``analysis_model`` judges the calls whose own model is no text model; without it local rules do.
    """

    worker_id: str
    database_url: str
    retry_seconds: tuple[float, ...] = RETRY_SECONDS
    jitter: float = 0.2
    overtake_seconds: float = 60.0
    claim_seconds: float = 15.0
    deliveries_at_once: int = 256
    deliveries_per_address: int = 32
    deliveries_per_organisation: int = 128
    poll_seconds: float = 1.0
    renew_seconds: float = 5.0
    reap_seconds: float = 2.0
    credit_seconds: float = 2.0
    register_seconds: float = 15.0
    settle_seconds: float = 2.0
    count_seconds: float = 600.0
    drain_seconds: float = 30.0
    analysis_seconds: float = 60.0
    kept_seconds: float = 7 * 24 * 3600.0
    prune_seconds: float = 3600.0
    retention_seconds: float = 24 * 3600.0
    analysis_model: LlmConfig | None = None

    @property
    def tries(self) -> int:
        """How often a delivery is tried in all."""
        return len(self.retry_seconds) + 1


def jobs_database(url: str | None, data_dir: Path) -> str:
    """Where workflows are kept: in the PostgreSQL of the installation, else in a SQLite file of their own beside the
    main one, so that their writes never hold the lock that a live call's writes need."""
    if url and url.startswith("postgres"):
        parts = urlsplit(url)
        return urlunsplit(parts._replace(scheme="postgresql"))
    return f"sqlite:///{data_dir.resolve() / FILE_NAME}"
