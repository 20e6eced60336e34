"""E-mail through Resend: its HTTP API, as described at resend.com/docs/api-reference."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import orjson
from pydantic import SecretStr

from trunkline.base.errors import Invalid, NotFound, Upstream
from trunkline.ports.mail import DomainFacts, DomainRecord, Mail
from trunkline.providers.vendor import Vendor, request_id, retryable_status, without_key

NAME = "resend"
URL = "https://api.resend.com"
SILENCE_SECONDS = 10.0
PAGE = 100
_LONGEST_ANSWER_BYTES = 4 << 20
_LONGEST_REASON = 300
_CONFLICT = 409
_STATES = {
    "not_started": "not_started",
    "pending": "pending",
    "verified": "verified",
    "failed": "failed",
    "temporary_failure": "pending",
    "partially_verified": "pending",
    "partially_failed": "failed",
}
"""The vendor's states of a domain as ours."""
_KEY_PROBLEMS = frozenset({"missing_api_key", "invalid_api_key", "restricted_api_key", "suspended_api_key"})
_RESTRICTED = "restricted_api_key"
_SENT_BEFORE = "invalid_idempotent_request"
_OWN_FAULT = frozenset({400, 403, 409, 422})
Json = dict[str, Any]


class ResendMail:
    """The mailer (ports.mail) that speaks to Resend; used inside ``async with``."""

    def __init__(self, url: str | None = None, key: SecretStr | None = None) -> None:
        self._vendor = Vendor(NAME, url or URL, silence_seconds=SILENCE_SECONDS)
        self._key = key

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._vendor.aclose()

    def has_key(self, key: SecretStr | None) -> bool:
        """Whether there is a key to send with."""
        return (key or self._key) is not None

    async def send(self, mail: Mail, once: str, key: SecretStr | None) -> str:
        """Sends; the ``Idempotency-Key`` is ``once``, at most 256 characters."""
        body = {
            "from": mail.sender,
            "to": list(mail.to),
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
        }
        try:
            answer = await self._asked("POST", "/emails", key, body, {"Idempotency-Key": once})
        except Upstream as error:
            if error.code == _SENT_BEFORE:
                return ""
            raise
        return str(answer.get("id") or "")

    async def create_domain(self, name: str, key: SecretStr | None) -> DomainFacts:
        """Registers a domain; its records come with it."""
        try:
            return _facts(await self._asked("POST", "/domains", key, {"name": name}))
        except Upstream as error:
            if error.status in _OWN_FAULT and error.code == Upstream.code and not error.retryable:
                problem = error.vendor_message or error.message
                raise Invalid(problem, details=[f"domain_name: {problem}"]) from None
            raise

    async def domain(self, id: str, key: SecretStr | None) -> DomainFacts:
        """A domain with its records."""
        return _facts(await self._of_domain("GET", id, key))

    async def domains(self, key: SecretStr | None) -> list[DomainFacts]:
        """All domains of the account, page by page."""
        found: list[DomainFacts] = []
        after = ""
        while True:
            answer = await self._asked("GET", f"/domains?limit={PAGE}{after}", key)
            page = answer.get("data")
            listed = [_facts(one) for one in page if isinstance(one, dict)] if isinstance(page, list) else []
            found += listed
            if not listed or answer.get("has_more") is not True:
                return found
            after = f"&after={quote(listed[-1].id, safe='')}"

    async def verify_domain(self, id: str, key: SecretStr | None) -> None:
        """Has the records looked for; what came of it is read later."""
        await self._of_domain("POST", id, key, "/verify")

    async def delete_domain(self, id: str, key: SecretStr | None) -> None:
        """Removes a domain."""
        await self._of_domain("DELETE", id, key)

    async def _of_domain(self, method: str, id: str, key: SecretStr | None, then: str = "") -> Json:
        try:
            return await self._asked(method, f"/domains/{quote(id, safe='')}{then}", key)
        except Upstream as error:
            if error.status == 404:
                raise NotFound("Resend has no such domain in the account of this key") from None
            raise

    async def _asked(
        self,
        method: str,
        path: str,
        key: SecretStr | None,
        body: Json | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Json:
        used = key or self._key
        if used is None:
            raise Invalid(
                "E-mail needs a key for Resend: store yours with POST /byok (provider resend), or have the operator set "
                "TRUNKLINE_RESEND_KEY.",
                code="mail_not_configured",
                title="E-mail not configured",
            )
        secret = used.get_secret_value()
        if not (secret.isascii() and secret.isprintable()):
            raise self._vendor.failure("resend refused the key", retryable=False)
        headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json", **(more or {})}
        data = None
        if body is not None:
            headers["Content-Type"], data = "application/json", orjson.dumps(body)
        async with (
            self._vendor.requested(used),
            self._vendor.http.request(
                method, self._vendor.url + path, data=data, headers=headers, allow_redirects=False
            ) as answer,
        ):
            text = await answer.content.read(_LONGEST_ANSWER_BYTES)
            while piece := await answer.content.read(_LONGEST_ANSWER_BYTES - len(text)):
                text += piece
            found = _object(text)
            if 200 <= answer.status < 300 and found is not None:
                return found
            raise self._failure(answer.status, found, used, request_id(answer.headers))

    def _failure(self, status: int, found: Json | None, key: SecretStr, asked: str) -> Upstream:
        """Resend says what is wrong as ``{statusCode, name, message}``."""
        name, words = str((found or {}).get("name") or ""), str((found or {}).get("message") or "")
        if 200 <= status < 300:
            return self._vendor.failure("resend answered with something unreadable", retryable=True, status=status)
        reason = without_key(words, key)[:_LONGEST_REASON]
        if name in _KEY_PROBLEMS:
            only = ": it may only send; give one with full access" if name == _RESTRICTED else ""
            message = f"resend refused the key ({status}){only}"
        else:
            message = f"resend refused the request ({status})" if status < 500 else f"resend failed ({status})"
            message += f": {reason}" if reason else ""
        return Upstream(
            message,
            provider=NAME,
            retryable=retryable_status(status) and name != _SENT_BEFORE,
            status=status,
            vendor_message=reason,
            request_id=asked[:200],
            code=name if name in _KEY_PROBLEMS or (name == _SENT_BEFORE and status == _CONFLICT) else None,
        )


async def verify(vendor: Vendor, key: SecretStr) -> None:
    """Asks Resend whether it takes a key. Raises Invalid where it does not, and Upstream where it cannot be asked."""
    if not key.get_secret_value().isprintable():
        raise Invalid(f"{vendor.name} does not take this key: it has characters that cannot be sent")
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"}
    async with (
        vendor.requested(key),
        vendor.http.get(f"{vendor.url}/domains", headers=headers, allow_redirects=False) as answer,
    ):
        if answer.status < 300:
            return
        found = _object(await answer.content.read(_LONGEST_ANSWER_BYTES)) or {}
        if found.get("name") == _RESTRICTED:
            return
        if found.get("name") in _KEY_PROBLEMS:
            raise Invalid(f"{vendor.name} does not take this key")
        raise vendor.failure(
            f"{vendor.name} refused the request ({answer.status})",
            retryable=retryable_status(answer.status),
            status=answer.status,
        )


def _object(text: bytes) -> Json | None:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _facts(found: Json) -> DomainFacts:
    records = found.get("records")
    return DomainFacts(
        id=str(found.get("id") or ""),
        name=str(found.get("name") or ""),
        status=_STATES.get(str(found.get("status")), "pending"),
        region=str(found["region"]) if found.get("region") else None,
        records=tuple(_record(one) for one in records if isinstance(one, dict)) if isinstance(records, list) else (),
    )


def _record(found: Json) -> DomainRecord:
    priority = found.get("priority")
    words = {name: str(found.get(name) or "") for name in ("record", "name", "type", "ttl", "status", "value")}
    return DomainRecord(**words, priority=priority if isinstance(priority, int) else None)
