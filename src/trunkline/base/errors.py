"""The one tree of errors. Each has a stable ``code`` for programs and a sentence for people that says what to do."""

from collections.abc import Sequence


class TrunklineError(Exception):
    """The root. ``title`` is the short name, ``code`` the stable one, ``message`` says what to do."""

    title = "Internal error"
    code = "internal_error"

    def __init__(
        self, message: str, *, code: str | None = None, title: str | None = None, details: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.title = title or type(self).title
        self.details = tuple(details)


class Invalid(TrunklineError):
    """What was asked does not make sense; ``details`` name ``<field>: <problem>``."""

    title = "Invalid request"
    code = "invalid_request"


class Unauthenticated(TrunklineError):
    """No key, or one that is unknown, expired or revoked."""

    title = "Invalid API key"
    code = "invalid_api_key"


class PaymentRequired(TrunklineError):
    """A metered organisation has no credit left."""

    title = "Insufficient credits"
    code = "insufficient_credits"


class Forbidden(TrunklineError):
    """Known who asks, and not allowed."""

    title = "Forbidden"
    code = "forbidden"


class NotFound(TrunklineError):
    """Nothing there for this organisation; foreign and unknown ids look the same."""

    title = "Not found"
    code = "not_found"


class Conflict(TrunklineError):
    """What is there already, or is going on, does not allow it."""

    title = "Conflict"
    code = "conflict"


class TooLarge(TrunklineError):
    """The body is larger than we read."""

    title = "Request too large"
    code = "request_too_large"


class TooMany(TrunklineError):
    """A rate limit; ``retry_after_seconds`` says when to come back."""

    title = "Rate limit exceeded"
    code = "rate_limit_exceeded"

    def __init__(self, message: str, *, retry_after_seconds: int, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(TrunklineError):
    """No room or no worker now; ``retry_after_seconds`` says when to come back."""

    title = "At capacity"
    code = "at_capacity"

    def __init__(
        self, message: str, *, retry_after_seconds: int = 5, code: str | None = None, title: str | None = None
    ) -> None:
        super().__init__(message, code=code, title=title)
        self.retry_after_seconds = retry_after_seconds


class Upstream(TrunklineError):
    """A vendor failed. ``vendor_message`` and ``request_id`` are its own words, for the log; keys never stand in them."""

    title = "Provider error"
    code = "provider_error"

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        retryable: bool,
        status: int | None = None,
        vendor_message: str = "",
        request_id: str = "",
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.provider = provider
        self.retryable = retryable
        self.status = status
        self.vendor_message = vendor_message
        self.request_id = request_id
