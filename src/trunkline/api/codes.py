"""Every code that an error can carry: its status, and what it means."""

from trunkline.api.operation import Operation

CODES: dict[str, tuple[int, str]] = {
    "invalid_request": (400, "Something in the request does not fit; `details` name it."),
    "invalid_json": (400, "The body is not JSON in UTF-8, no object, or nests too deep."),
    "invalid_content_type": (400, "The body is not sent as application/json."),
    "invalid_idempotency_key": (400, "The Idempotency-Key is no 1 to 255 visible ASCII characters."),
    "not_available": (400, "What this names cannot be had here; the message says why."),
    "missing_variables": (400, "A `{{name}}` is not filled; the message names it."),
    "assistant_inactive": (400, "The assistant is not active."),
    "number_inactive": (400, "The number is not active."),
    "number_has_no_trunk": (400, "The number has no trunk to call out through."),
    "trunk_inactive": (400, "The number's trunk is not active."),
    "no_number_available": (400, "No active number with a trunk and free capacity can place the call."),
    "key_refused": (400, "The vendor does not take this key; nothing was stored."),
    "mail_not_configured": (
        400,
        "There is no key for Resend, or no address to send from; the message says what to do.",
    ),
    "invalid_command": (400, "The order to the call does not fit; `details` say why."),
    "call_not_active": (400, "The call does not take this order in the state that it is in."),
    "invalid_api_key": (401, "There is no key, or an unknown one."),
    "api_key_expired": (401, "The key has expired."),
    "api_key_revoked": (401, "The key was revoked."),
    "insufficient_credits": (402, "A metered organisation has no credit left."),
    "missing_scope": (403, "The key lacks the scope that this operation needs, or that the new key should get."),
    "local_models_not_allowed": (
        403,
        "The organisation may not use the local models; `details` name where the assistant does.",
    ),
    "children_not_allowed": (403, "The organisation is a child of another and can have no children of its own."),
    "limit_not_yours": (403, "Only the parent of an organisation, or the operator, sets its limits."),
    "do_not_call": (403, "The destination is on the do-not-call list."),
    "invalid_signature": (403, "The address of the recording was changed."),
    "recording_url_expired": (403, "The address of the recording has expired; read `recording_url` again."),
    "not_found": (404, "There is nothing with this id in the organisation, or no such child to act for."),
    "route_not_found": (404, "There is no such path."),
    "recording_not_found": (404, "The call has no recording."),
    "method_not_allowed": (405, "The path does not take this method; the Allow header says which it takes."),
    "conflict": (409, "Another change came first; read again and repeat."),
    "number_taken": (409, "The phone number is registered already, here or elsewhere."),
    "domain_exists": (409, "The organisation has an e-mail domain already; let it go first."),
    "delivery_forgotten": (409, "What the webhook delivery said has been deleted; it cannot be sent again."),
    "delivery_in_flight": (409, "The webhook delivery is being tried at this moment; read it again in some seconds."),
    "delivery_tried_too_often": (409, "The webhook delivery was sent again so often that it is not any more."),
    "last_key": (409, "It is the last key of the organisation that may change anything."),
    "template_in_use": (409, "Assistants use the template; the message names them."),
    "campaign_transition": (409, "The campaign cannot take this status from the one that it has."),
    "campaign_over": (409, "The campaign was cancelled and takes no leads any more."),
    "campaign_has_calls": (409, "Leads of the campaign are being called; cancel it and wait for their calls."),
    "lead_being_called": (409, "The lead is being called; end its call first."),
    "idempotency_in_progress": (409, "A request with this Idempotency-Key is being worked on; repeat it in a moment."),
    "idempotency_mismatch": (409, "The Idempotency-Key was used with another body."),
    "request_too_large": (413, "The body is larger than 1 MiB."),
    "range_not_satisfiable": (416, "The recording is shorter than the range that was asked for."),
    "rate_limit_exceeded": (429, "Too many requests; `retry_after` says when to come back."),
    "internal_error": (500, "Something broke on our side."),
    "provider_error": (502, "A provider failed."),
    "at_capacity": (503, "No worker, or no room under a limit, now; `retry_after` says when to come back."),
    "recordings_unavailable": (503, "The storage of the recordings does not answer now; repeat shortly."),
    "database_unavailable": (503, "The database does not answer now; repeat shortly."),
}
_ALWAYS = ("internal_error", "database_unavailable")
_WITH_KEY = (
    "invalid_request",
    "invalid_api_key",
    "api_key_expired",
    "api_key_revoked",
    "missing_scope",
    "not_found",
    "rate_limit_exceeded",
)
_WITH_BODY = ("invalid_json", "invalid_content_type", "request_too_large")
_WHEN_REPEATED = ("invalid_idempotency_key", "idempotency_in_progress", "idempotency_mismatch")


def codes_of(operation: Operation) -> list[str]:
    """All codes that an operation's errors can carry, in the order of the table."""
    possible = {*operation.codes, *_ALWAYS}
    if operation.entry != "open":
        possible.update(_WITH_KEY)
    if operation.body is not None:
        possible.update(_WITH_BODY)
        possible.add("conflict")
    if operation.method == "POST":
        possible.update(_WHEN_REPEATED)
    return [code for code in CODES if code in possible]
