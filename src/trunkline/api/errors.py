"""The only place that knows HTTP numbers: each kind of error with its status, and the one shape they are told in."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from trunkline.base.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PaymentRequired,
    TooLarge,
    TooMany,
    TrunklineError,
    Unauthenticated,
    Unavailable,
    Upstream,
)

STATUS: dict[type[TrunklineError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    PaymentRequired: 402,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    TooMany: 429,
    Upstream: 502,
    Unavailable: 503,
}
STATUS_BY_CODE = {"call_not_active": 400, "method_not_allowed": 405, "range_not_satisfiable": 416}
NOTHING_HERE = "There is nothing with this id here; ids of other organisations look the same as unknown ones."


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as it is told: the status, the body, and what else the reply carries."""

    status: int
    body: dict[str, object]
    headers: Mapping[str, str]

    def response(self) -> Response:
        """The reply."""
        return Response(
            orjson.dumps(self.body), status_code=self.status, headers=self.headers, media_type="application/json"
        )


def problem(error: TrunklineError) -> Problem:
    """How an error is told. A thing that is not there is told the same way whoever owns it."""
    status = STATUS_BY_CODE.get(error.code) or next((STATUS[kind] for kind in type(error).mro() if kind in STATUS), 500)
    unknown = type(error) is NotFound and error.code == NotFound.code
    body: dict[str, object] = {
        "error": error.title,
        "message": NOTHING_HERE if unknown else error.message,
        "code": error.code,
    }
    if error.details:
        body["details"] = list(error.details)
    headers: dict[str, str] = {}
    if isinstance(error, TooMany | Unavailable):
        body["retry_after"] = error.retry_after_seconds
        headers["Retry-After"] = str(error.retry_after_seconds)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Problem(status, body, headers)


def internal() -> Problem:
    """What is told of a defect: nothing but that it is ours."""
    return problem(
        TrunklineError(
            "Something went wrong on our side. Try again; if it stays, tell us the X-Request-Id of this reply."
        )
    )


def from_router(error: HTTPException) -> Problem:
    """What the router has to say: no such route, or no such method on it."""
    if error.status_code == 405:
        told = problem(
            TrunklineError(
                "This path exists, but not for this method; see the Allow header.",
                code="method_not_allowed",
                title="Method not allowed",
            )
        )
        return Problem(405, told.body, dict(error.headers or {}))
    if error.status_code == 404:
        return problem(NotFound("There is no such path; the API is described at /api/v1/docs.", code="route_not_found"))
    return Problem(error.status_code, internal().body, dict(error.headers or {}))
