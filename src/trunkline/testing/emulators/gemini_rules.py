"""What Google refuses of a request to Gemini, in its own words."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from trunkline.testing.emulators.chat_stream import Refusal

_FIELDS = frozenset(("contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings"))
_GENERATION = frozenset(
    ("temperature", "topP", "topK", "maxOutputTokens", "candidateCount", "stopSequences", "thinkingConfig", "seed")
) | frozenset(("responseMimeType", "responseJsonSchema", "responseSchema", "presencePenalty", "frequencyPenalty"))
_SCHEMA = frozenset(
    ("type", "format", "title", "description", "nullable", "enum", "items", "maxItems", "minItems", "properties")
) | frozenset(
    ("required", "minimum", "maximum", "minLength", "maxLength", "pattern", "anyOf", "propertyOrdering", "default")
)
_USERS = frozenset(("args", "response", "parameters", "parametersJsonSchema", "responseJsonSchema"))
_LEVELS: Sequence[tuple[str, Sequence[str]]] = (
    (r"gemini-3-pro", ("low", "high")),
    (r"gemini-3(\.\d+)?-pro|gemini-3\.7-flash", ("low", "medium", "high")),
    (r"gemini-3", ("minimal", "low", "medium", "high")),
)


def error(status: int, name: str, message: str, detail: Mapping[str, Any] | None = None) -> Refusal:
    """An error of Google."""
    inner: dict[str, Any] = {"code": status, "message": message, "status": name}
    if detail is not None:
        inner["details"] = [detail]
    return Refusal(status, {"error": inner})


def camel_case(value: Any) -> Any:
    """A request with its fields in camel case: Google takes them in snake case too. What users name stays as it is."""
    if isinstance(value, list):
        return [camel_case(one) for one in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub("_([a-z])", lambda found: found.group(1).upper(), name): one for name, one in value.items()}
    return {name: one if name in _USERS else camel_case(one) for name, one in named.items()}


def plain(signature: str) -> str:
    """Base64 as it is compared: Google takes both of its alphabets."""
    return signature.replace("-", "+").replace("_", "/").rstrip("=")


def signed(model: str) -> bool:
    """Whether a model's function calls carry the signature of a thought."""
    return re.match("gemini-3", model) is not None


def refusal(model: str, body: Mapping[str, Any], signatures: Collection[str]) -> Refusal | None:
    """Why Google does not take a request; None when it does. ``signatures`` are those that it has given."""
    if not model.startswith("gemini-"):
        text = f"models/{model} is not found for API version v1beta, or is not supported for generateContent."
        return error(404, "NOT_FOUND", text)
    return _fields(body) or _thinking(model, body) or _declarations(body) or _order(model, body, signatures)


def _invalid(message: str) -> Refusal:
    return error(400, "INVALID_ARGUMENT", message)


def _fields(body: Mapping[str, Any]) -> Refusal | None:
    unknown = [*(body.keys() - _FIELDS), *((body.get("generationConfig") or {}).keys() - _GENERATION)]
    if unknown:
        return _invalid(f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.')
    temperature = (body.get("generationConfig") or {}).get("temperature", 1)
    if not 0 <= temperature <= 2:
        return _invalid(f"Unable to submit request because it has a temperature value of {temperature}.")
    return None


def _thinking(model: str, body: Mapping[str, Any]) -> Refusal | None:
    config = (body.get("generationConfig") or {}).get("thinkingConfig")
    if config is None:
        return None
    levels = next((levels for pattern, levels in _LEVELS if re.match(pattern, model)), None)
    level = config.get("thinkingLevel")
    if level is not None and levels is None:
        return _invalid("Thinking level is not supported for this model.")
    if level is not None and levels is not None and str(level).lower() not in levels:
        return _invalid(
            f"Thinking level {level} is not supported for this model. Allowed values are: {', '.join(levels)}."
        )
    budget = config.get("thinkingBudget")
    if budget is not None and model.startswith("gemini-2.5-pro") and 0 <= budget < 128:
        return _invalid(f"Budget {budget} is invalid. This model only works in thinking mode.")
    if budget is not None and not re.match(r"gemini-(2\.5|3)", model):
        return _invalid("Thinking is not supported for this model.")
    return None


def _declarations(body: Mapping[str, Any]) -> Refusal | None:
    for tool in body.get("tools") or ():
        for number, one in enumerate(tool.get("functionDeclarations") or ()):
            place = f"GenerateContentRequest.tools[0].function_declarations[{number}]"
            if not re.fullmatch(r"[a-zA-Z_][\w.:-]{0,63}", str(one.get("name"))):
                return _invalid(f"{place}.name: Invalid function name. Must start with a letter or an underscore.")
            schema = one.get("parameters")
            if isinstance(schema, dict) and (problem := _schema(schema)):
                return _invalid(f"{place}.parameters.{problem}")
            if schema is not None and "parametersJsonSchema" in one:
                return _invalid(f"{place}: parameters and parameters_json_schema are mutually exclusive.")
    return None


def _schema(schema: Mapping[str, Any]) -> str | None:
    """What the older form of schemas does not know."""
    for name in schema.keys() - _SCHEMA:
        return f'{name}: Unknown name "{name}": Cannot find field.'
    if str(schema.get("type", "")).lower() == "object" and not schema.get("properties"):
        return "properties: should be non-empty for OBJECT type"
    nested = [*(schema.get("properties") or {}).values(), *([schema["items"]] if "items" in schema else [])]
    return next((problem for one in nested if (problem := _schema(one))), None)


def _order(model: str, body: Mapping[str, Any], signatures: Collection[str]) -> Refusal | None:
    contents = body.get("contents") or []
    if not contents:
        return _invalid("* GenerateContentRequest.contents: contents is not specified")
    before: Mapping[str, Any] = {"role": "start", "parts": []}
    for number, content in enumerate(contents):
        if (refused := _content(content, number)) is not None:
            return refused
        if (refused := _turn(before, content)) is not None:
            return refused
        if signed(model) and (refused := _signature(content, number, signatures)) is not None:
            return refused
        before = content
    if _kinds(before, "functionCall"):
        return _invalid("Please ensure that function response turn comes immediately after a function call turn.")
    return None


def _content(content: Mapping[str, Any], number: int) -> Refusal | None:
    if content.get("role") not in ("user", "model"):
        return _invalid("Please use a valid role: user, model.")
    if not content.get("parts"):
        return _invalid(f"* GenerateContentRequest.contents[{number}].parts: contents.parts must not be empty.")
    if number == 0 and content["role"] != "user":
        return _invalid("Please ensure that multiturn requests start with a user role.")
    if any(part.get("text") == "" for part in content["parts"]):
        return _invalid("Unable to submit request because it must have a text parameter.")
    return None


def _turn(before: Mapping[str, Any], content: Mapping[str, Any]) -> Refusal | None:
    calls, responses = _kinds(before, "functionCall"), _kinds(content, "functionResponse")
    if _kinds(content, "functionCall") and before["role"] != "user":
        text = "Please ensure that function call turn comes immediately after a user turn or after a function response"
        return _invalid(f"{text} turn.")
    if bool(calls) != bool(responses):
        return _invalid("Please ensure that function response turn comes immediately after a function call turn.")
    if len(calls) != len(responses):
        text = (
            "Please ensure that the number of function response parts is equal to the number of function call parts of"
        )
        return _invalid(f"{text} the function call turn.")
    if [one.get("name") for one in calls] != [one.get("name") for one in responses]:
        return _invalid("Function responses have to be of the functions that were called.")
    if any(not isinstance(one.get("response"), dict) for one in responses):
        return _invalid(
            "Invalid value at 'contents.parts.function_response.response' (type.googleapis.com/google.protobuf.Struct)"
        )
    return None


def _signature(content: Mapping[str, Any], number: int, signatures: Collection[str]) -> Refusal | None:
    first = next((part for part in content["parts"] if "functionCall" in part), None)
    if first is None:
        return None
    name = first["functionCall"].get("name")
    if "thoughtSignature" not in first:
        text = (
            f"Function call is missing a thought_signature in functionCall parts. This is required: `{name}`, position"
        )
        return _invalid(f"{text} {number}.")
    if plain(str(first["thoughtSignature"])) not in {plain(one) for one in signatures}:
        return _invalid("Thought signature is not valid.")
    return None


def _kinds(content: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [part[kind] for part in content["parts"] if kind in part]
