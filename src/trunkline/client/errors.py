"""What can go wrong between a program and an installation, one exception for each answer that it can act on."""

from collections.abc import Sequence


class TrunklineError(Exception):
    """Anything that the client raises of its own."""


class ConnectionFailed(TrunklineError):
    """The installation was not reached, or the connection broke, more often than the client tries again."""


class InvalidSignature(TrunklineError):
    """A webhook that does not prove that it comes from the installation; answer it with 401."""


class ApiError(TrunklineError):
    """A refusal of the API. ``code`` is stable and for programs; ``details`` are ``<field>: <problem>``, one each;
    ``request_id`` finds the request in the installation's logs; ``retry_after`` is in seconds."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        message: str,
        *,
        details: Sequence[str] = (),
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.title = title
        self.message = message
        self.details = tuple(details)
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        further = [one for one in self.details if one not in self.message]
        return " ".join([f"{self.title} ({self.status} {self.code}): {self.message}", *further])

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (type(self), self.args, self.__dict__)


class BadRequest(ApiError):
    """400: something in the request does not fit; ``details`` name it."""


class Unauthenticated(ApiError):
    """401: the key is unknown, expired or revoked."""


class InsufficientCredits(ApiError):
    """402: the organisation has no credit left."""


class Forbidden(ApiError):
    """403: the key or the organisation may not do this."""


class NotFound(ApiError):
    """404: there is nothing with this id in the organisation."""


class Conflict(ApiError):
    """409: it does not go together with what is there."""


class TooLarge(ApiError):
    """413: the body is too large."""


class RateLimited(ApiError):
    """429: too many requests; ``retry_after`` says when to come back."""


class ServerError(ApiError):
    """500 and above: something broke on the other side."""


class Unavailable(ServerError):
    """503: no room for the call, or a part is down, now; ``retry_after`` says when to come back."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthenticated,
    402: InsufficientCredits,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    429: RateLimited,
    503: Unavailable,
}


def kind_of(status: int) -> type[ApiError]:
    """The exception of a status."""
    return _BY_STATUS.get(status, ServerError if status >= 500 else ApiError)


def _again(kind: type[ApiError], args: tuple[object, ...], state: dict[str, object]) -> ApiError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error
