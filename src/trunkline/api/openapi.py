"""The OpenAPI document, made from the same table that the routes are made from."""

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from trunkline.api.codes import CODES, codes_of
from trunkline.api.names import ASSISTANT_NAMES, TRUNK_NAMES
from trunkline.api.operation import Operation
from trunkline.api.schemas.base import Error
from trunkline.api.settings import ApiSettings

Json = dict[str, Any]
_REF = "#/components/schemas/"
CSV_EXAMPLE = "phone_number,name,time\n+31612345678,Ada,ten o'clock\n"
ABOUT = """Trunkline places real phone calls on which AI assistants hold the conversation.

Send your key with every request: `Authorization: Bearer tl_live_...`. Every error has the same shape, with a stable
`code`. Every reply carries `X-Request-Id` and the `X-RateLimit` headers. An address that sends as many wrong keys in a
minute as a key may make requests gets 429 until the minute is over; keys that have worked before go on working from
there. Lists take `limit` and `offset`. Send an
`Idempotency-Key` with a POST, and repeating it within 24 hours gives the first reply again instead of doing it twice;
if our side dies in the middle, the key is free again after 60 seconds, and a call that was placed is found, not placed
again."""
_OLDER_NAMES = {
    "PlaceCall": ASSISTANT_NAMES,
    "NumberSettings": {"agent_id": "assistant_id"},
    "NewCampaign": {"agent_id": "assistant_id"},
    "CampaignSettings": {"agent_id": "assistant_id"},
}
_PUBLIC_NAMES = {
    "KeyShown": "ApiKey",
    "NewKeyShown": "CreatedApiKey",
    "EntryShown": "DoNotCallEntry",
    "NumberShown": "PhoneNumber",
    "RecordShown": "DnsRecord",
    "ChoiceShown": "DomainChoice",
}
_OTHER_NAMES = {
    "TrunkSettings": {**TRUNK_NAMES, "host": "address"},
    "ChosenDomain": {"resendDomainId": "resend_domain_id", "domain_id": "resend_domain_id"},
}


def document(operations: Sequence[Operation], settings: ApiSettings, prefix: str) -> Json:
    """The whole document; ``operations`` are those that it shows."""
    schemas = _schemas(operations)
    paths: Json = {}
    for operation in operations:
        paths.setdefault(prefix + operation.path, {})[operation.method.lower()] = _operation(operation)
    tags = dict.fromkeys(operation.tag for operation in operations)
    described: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": "Trunkline",
            "version": settings.version,
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": settings.public_url or "/", "description": "This installation."}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": _headers(),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, `tl_live_...`."},
                "signature": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "signature",
                    "description": "Part of `recording_url`; good for that one recording, for an hour.",
                },
            },
        },
        "security": [{"key": []}],
    }
    return _published(described)


def _published(described: Json) -> Json:
    """The document with its objects under the names that clients know them by: ``CallShown`` is their ``Call``."""
    names = {name: public_name(name) for name in described["components"]["schemas"]}
    text = orjson.dumps(described)
    for name, public in names.items():
        text = text.replace(f'"{_REF}{name}"'.encode(), f'"{_REF}{public}"'.encode())
        text = text.replace(f'"title":"{name}"'.encode(), f'"title":"{public}"'.encode())
    found: Json = orjson.loads(text)
    schemas = found["components"]["schemas"]
    found["components"]["schemas"] = dict(sorted((names[name], schema) for name, schema in schemas.items()))
    return found


def public_name(name: str) -> str:
    """What clients call the schema of that name."""
    return _PUBLIC_NAMES.get(name, name.removesuffix("Shown"))


def _operation(operation: Operation) -> Json:
    described: Json = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": _description(operation),
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if operation.deprecated:
        described["deprecated"] = True
    if operation.entry == "open":
        described["security"] = []
    if operation.entry == "key_or_signature":
        described["security"] = [{"key": []}, {"signature": []}]
    if operation.body is not None:
        described["requestBody"] = _request_body(operation)
    return described


def _description(operation: Operation) -> str:
    scope = "" if operation.entry == "open" else f"Needs the scope `{operation.scope}`."
    return " ".join(part for part in (operation.description, scope) if part)


def _request_body(operation: Operation) -> Json:
    content: Json = {"schema": {"$ref": _REF + body_name(operation)}}
    if operation.request_example is not None:
        content["example"] = operation.request_example
    contents: Json = {"application/json": content}
    if operation.csv:
        contents["text/csv"] = {"schema": {"type": "string"}, "example": CSV_EXAMPLE}
    needed = operation.body is not None and any(one.is_required() for one in operation.body.model_fields.values())
    return {"required": needed and not operation.partial, "content": contents}


def body_name(operation: Operation) -> str:
    """The name of the schema of an operation's body."""
    name = operation.body.__name__ if operation.body else ""
    return f"{name.removesuffix('Settings').removesuffix('Changes')}Changes" if operation.partial else name


def _parameters(operation: Operation) -> list[Json]:
    found: list[Json] = []
    if "{id}" in operation.path:
        of_call = operation.path.startswith("/calls")
        schema = {"type": "string"} if of_call else {"type": "string", "format": "uuid"}
        found.append({"name": "id", "in": "path", "required": True, "schema": schema, "description": "Its id."})
    if "{lead_id}" in operation.path:
        schema = {"type": "string", "format": "uuid"}
        found.append(
            {"name": "lead_id", "in": "path", "required": True, "schema": schema, "description": "The lead's."}
        )
    if operation.query is not None:
        for name, schema in operation.query.model_json_schema(ref_template=_REF + "{model}")["properties"].items():
            shown = _as_query(schema)
            one = {
                "name": name,
                "in": "query",
                "required": False,
                "schema": shown,
                "description": schema["description"],
            }
            found.append(one | ({"deprecated": True} if schema.get("deprecated") else {}))
    for name, description in operation.headers.items():
        found.append({"name": name, "in": "header", "schema": {"type": "string"}, "description": description})
    if operation.entry != "open":
        found.append(
            {
                "name": "X-Organization-Id",
                "in": "header",
                "schema": {"type": "string", "format": "uuid"},
                "description": "The child organisation that the key of its parent acts for.",
            }
        )
    if operation.method == "POST":
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
                "description": (
                    "The same key gives the same reply for 24 hours, per API key, organisation that it acts for, method "
                    "and path."
                ),
            }
        )
    return found


def _as_query(schema: Json) -> Json:
    """The schema of a query parameter: what is left out is null, and cannot be said otherwise."""
    kept = {key: value for key, value in schema.items() if key not in ("description", "title", "deprecated")}
    options = [one for one in kept.pop("anyOf", []) if one != {"type": "null"}]
    if kept.get("default", 0) is None:
        del kept["default"]
    return {**kept, **options[0]} if len(options) == 1 else {**kept, **({"anyOf": options} if options else {})}


def _responses(operation: Operation) -> Json:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _headers()}
    done: Json = {
        "description": "Done.",
        "headers": headers,
        "content": {operation.media: {"schema": _reply(operation)}},
    }
    if operation.reply_example is not None:
        done["content"][operation.media]["example"] = operation.reply_example
    responses = {str(operation.status): done}
    if operation.name == "checkHealth":
        responses["503"] = done | {"description": "A part is down."}
        return responses
    if operation.name == "getRecording":
        responses["206"] = done | {"description": "The part that was asked for."}
    by_status: dict[int, list[str]] = {}
    for code in codes_of(operation):
        by_status.setdefault(CODES[code][0], []).append(code)
    for status, codes in sorted(by_status.items()):
        listed = "\n".join(f"- `{code}`: {CODES[code][1]}" for code in codes)
        examples = {
            code: {"value": {"error": code.replace("_", " ").capitalize(), "message": CODES[code][1], "code": code}}
            for code in codes
        }
        content = {"application/json": {"schema": {"$ref": _REF + "Error"}, "examples": examples}}
        responses[str(status)] = {"description": listed, "headers": headers, "content": content}
    return responses


def _reply(operation: Operation) -> Json:
    if operation.reply is not None:
        return {"$ref": _REF + operation.reply.__name__}
    return {"type": "string", "contentMediaType": operation.media}


def _headers() -> Json:
    def one(description: str, kind: str) -> Json:
        return {"description": description, "schema": {"type": kind}}

    return {
        "X-Request-Id": one("The id of the request: yours where you sent one, else ours.", "string"),
        "X-RateLimit-Limit": one("Requests a minute for this key.", "integer"),
        "X-RateLimit-Remaining": one("How many of them are left.", "integer"),
        "X-RateLimit-Reset": one("When there are that many again, in Unix seconds.", "integer"),
    }


def _schemas(operations: Sequence[Operation]) -> Json:
    bodies = [operation.body for operation in operations if operation.body is not None]
    queries = [operation.query for operation in operations if operation.query is not None]
    replies: list[type[BaseModel]] = [operation.reply for operation in operations if operation.reply is not None]
    models: list[type[BaseModel]] = list(dict.fromkeys([*bodies, *queries, *replies, Error]))
    _, made = models_json_schema([(model, "validation") for model in models], ref_template=_REF + "{model}")
    schemas: Json = {name: schema for name, schema in made["$defs"].items() if name not in _names(queries)}
    _add_other_names(schemas)
    for operation in operations:
        if operation.partial:
            schemas[body_name(operation)] = _partial(schemas[operation.body.__name__ if operation.body else ""])
    return dict(sorted(schemas.items()))


def _names(models: Sequence[type[BaseModel]]) -> set[str]:
    return {model.__name__ for model in models}


def _partial(schema: Json) -> Json:
    properties = {
        name: {key: value for key, value in item.items() if key != "default"}
        for name, item in schema["properties"].items()
    }
    kept = {key: value for key, value in schema.items() if key not in ("required", "properties", "description")}
    return kept | {"description": "Only what is given changes.", "properties": properties}


def _add_other_names(schemas: Json) -> None:
    for table, deprecated in ((_OLDER_NAMES, True), (_OTHER_NAMES, False)):
        for schema, names in table.items():
            properties = schemas[schema]["properties"]
            for other, name in names.items():
                kept = {key: value for key, value in properties[name].items() if key not in ("description", "title")}
                word = "Older" if deprecated else "Another"
                properties[other] = kept | {"description": f"{word} name of `{name}`."}
                if deprecated:
                    properties[other]["deprecated"] = True
    schemas["TrunkSettings"]["properties"]["port"] = {
        "type": "integer",
        "minimum": 1,
        "maximum": 65535,
        "description": "With `host`: its port, where it is not the usual one.",
    }
    for schema, names in _OTHER_NAMES.items():
        left = [name for name in schemas[schema]["required"] if name not in names.values()]
        schemas[schema] |= {"required": left}
