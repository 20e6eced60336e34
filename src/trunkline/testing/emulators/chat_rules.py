"""What OpenAI, Mistral and xAI refuse of a chat completion request, in their own words."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trunkline.testing.emulators.chat_errors import mistral_error, mistral_extra, openai_error, xai_error
from trunkline.testing.emulators.chat_stream import Refusal

_NAME = re.compile(r"\w+")
_SHARED = frozenset(
    _NAME.findall(
        """model messages stream temperature top_p stop n tools tool_choice parallel_tool_calls response_format metadata
        presence_penalty frequency_penalty reasoning_effort prediction prompt_cache_key service_tier"""
    )
)
_OPENAI = _SHARED | frozenset(
    _NAME.findall(
        """stream_options max_tokens max_completion_tokens store verbosity logprobs top_logprobs logit_bias seed user audio
        safety_identifier modalities web_search_options prompt_cache_retention prompt_cache_options"""
    )
)
_MISTRAL = _SHARED | frozenset(("max_tokens", "random_seed", "prompt_mode", "safe_prompt", "guardrails", "min_tokens"))
_MODELS = {
    "openai": r"gpt-|o\d|chatgpt-",
    "mistral": r"(mi|mini|magi|code|dev|pix|vox)stral|open-mi",
    "xai": r"grok-",
}
_AFTER = {
    "system": ("system", "user", "assistant"),
    "user": ("system", "user", "assistant"),
    "assistant": ("assistant", "user", "tool"),
    "tool": ("assistant", "tool"),
}
"""Which roles Mistral takes after which."""
_EFFORTS: Sequence[tuple[str, Sequence[str]]] = (
    (r"gpt-5(\.\d+)?-chat|gpt-4|chatgpt|gpt-3", ()),
    (r"gpt-5\.[2-9]", ("none", "low", "medium", "high", "xhigh")),
    (r"gpt-5\.1", ("none", "low", "medium", "high")),
    (r"gpt-5", ("minimal", "low", "medium", "high")),
    (r"o\d", ("low", "medium", "high")),
)


def refusal(vendor: str, body: Mapping[str, Any]) -> Refusal | None:
    """Why the vendor does not take a request; None when it does."""
    return next((refused for rule in _RULES[vendor] if (refused := rule(body)) is not None), None)


def thinks(vendor: str, body: Mapping[str, Any]) -> bool:
    """Whether the model thinks before this reply."""
    effort = body.get("reasoning_effort")
    model = str(body.get("model"))
    if vendor == "openai":
        efforts = _openai_efforts(model)
        return bool(efforts) and (effort or ("medium" if "none" not in efforts else "none")) != "none"
    if vendor == "xai":
        return model.startswith("grok-4.3") and effort != "none"
    return effort not in (None, "none")


def _openai_efforts(model: str) -> Sequence[str]:
    return next((efforts for pattern, efforts in _EFFORTS if re.match(pattern, model)), ())


def _openai_fields(body: Mapping[str, Any]) -> Refusal | None:
    for name in body.keys() - _OPENAI:
        return openai_error(400, f"Unrecognized request argument supplied: {name}")
    model = str(body.get("model") or "")
    if not model:
        return openai_error(400, "you must provide a model parameter")
    if not re.match(_MODELS["openai"], model):
        text = f"The model `{model}` does not exist or you do not have access to it."
        return openai_error(404, text, code="model_not_found")
    for tool in body.get("tools") or ():
        function = tool.get("function", {})
        parameters = function.get("parameters") or {"type": "object", "properties": {}}
        if parameters.get("type") != "object" or "properties" not in parameters:
            text = f"Invalid schema for function '{function.get('name')}': it has to be an object with properties."
            return openai_error(400, text, code="invalid_function_parameters", param="tools[0].function.parameters")
    return None


def _openai_thinking(body: Mapping[str, Any]) -> Refusal | None:
    model, effort = str(body["model"]), body.get("reasoning_effort")
    efforts = _openai_efforts(model)
    if effort is not None and not efforts:
        return openai_error(400, "Unrecognized request argument supplied: reasoning_effort")
    if effort is not None and effort not in efforts:
        taken = ", ".join(f"'{one}'" for one in efforts)
        text = (
            f"Unsupported value: '{effort}' is not supported with the '{model}' model. Supported values are: {taken}."
        )
        return openai_error(400, text, code="unsupported_value", param="reasoning_effort")
    if efforts and "max_tokens" in body:
        text = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return openai_error(400, text, code="unsupported_parameter", param="max_tokens")
    if thinks("openai", body) and body.get("temperature", 1) != 1:
        text = (
            "Unsupported value: 'temperature' does not support this value with this model. Only the default (1) value"
        )
        return openai_error(400, f"{text} is supported.", code="unsupported_value", param="temperature")
    if body.get("tools") and thinks("openai", body) and re.match(r"gpt-5\.[2-9]", model):
        text = f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. To use"
        text += " function tools, use /v1/responses or set reasoning_effort to 'none'."
        return openai_error(400, text, param="reasoning_effort")
    return None


def _openai_order(body: Mapping[str, Any]) -> Refusal | None:
    """Every result answers a call of the turn before, and every call is answered."""
    open_calls: list[str] = []
    for number, message in enumerate(body.get("messages") or ()):
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in open_calls:
                text = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with"
                return openai_error(400, f"{text} 'tool_calls'.", param=f"messages.[{number}].role")
            open_calls.remove(message["tool_call_id"])
        elif open_calls:
            break
        else:
            open_calls = [call["id"] for call in message.get("tool_calls") or ()]
    if open_calls:
        text = "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
        text += f" The following tool_call_ids did not have response messages: {', '.join(open_calls)}"
        return openai_error(400, text, param="messages")
    if not body.get("messages"):
        return openai_error(400, "Invalid 'messages': empty array. Expected an array with minimum length 1.")
    return None


def _mistral_fields(body: Mapping[str, Any]) -> Refusal | None:
    for name in body.keys() - _MISTRAL:
        return mistral_extra(name, body[name])
    model = str(body.get("model") or "")
    if not re.match(_MODELS["mistral"], model):
        return mistral_error(400, f"Invalid model: {model}", kind="invalid_model", code="1500")
    effort = body.get("reasoning_effort")
    if effort is not None and not re.match(r"mistral-(small-latest|medium-latest|medium-3-5)", model):
        return mistral_error(400, f"reasoning_effort={effort!r} is not supported for this model")
    if effort not in (None, "none", "high"):
        return mistral_error(400, f"reasoning_effort={effort!r} is not supported: only none and high are")
    if body.get("temperature", 0) > 1.5:
        return mistral_error(400, "temperature must be at most 1.5", code="1051")
    return None


def _mistral_order(body: Mapping[str, Any]) -> Refusal | None:
    messages = body.get("messages") or []
    before = ""
    for message in messages:
        role = str(message.get("role"))
        if before and role not in _AFTER[before]:
            return _disordered(f"Unexpected role '{role}' after role '{before}'")
        before = role
    if not messages:
        return _disordered("Conversation must have at least one message")
    if len(messages) == 1 and before not in ("user", "system"):
        return _disordered("Conversation must start with a user message or system message")
    if len(messages) > 1 and before not in ("user", "tool"):
        return _disordered(
            f"Expected last role User or Tool (or Assistant with prefix True) for serving but got {before}"
        )
    return None


def _mistral_calls(body: Mapping[str, Any]) -> Refusal | None:
    expected: list[str] = []
    for message in body.get("messages") or ():
        if message["role"] == "assistant":
            if expected:
                break
            expected = [str(call.get("id")) for call in message.get("tool_calls") or ()]
            if (refused := _mistral_turn(message, expected)) is not None:
                return refused
        elif message["role"] == "tool":
            if message.get("tool_call_id") not in expected:
                return _disordered(f"Unexpected tool call id {message.get('tool_call_id')} in tool results")
            expected.remove(message["tool_call_id"])
    return _disordered("Not the same number of function calls and responses") if expected else None


def _mistral_turn(message: Mapping[str, Any], ids: Sequence[str]) -> Refusal | None:
    if not message.get("content") and not ids:
        return mistral_error(400, "Assistant message must have either content or tool_calls, but not none.")
    odd = next((one for one in ids if not re.fullmatch("[a-zA-Z0-9]{9}", one)), None)
    if odd is None:
        return None
    text = f"Tool call id was {odd} but must be a-z, A-Z, 0-9, with a length of 9."
    return mistral_error(400, text, kind="invalid_function_call", code="3280")


def _disordered(text: str) -> Refusal:
    return mistral_error(400, text, kind="invalid_request_message_order", code="3230")


def _xai(body: Mapping[str, Any]) -> Refusal | None:
    model = str(body.get("model") or "")
    if not re.match(_MODELS["xai"], model):
        text = f"The model {model} does not exist or your team does not have access to it."
        return xai_error(404, "Some requested entity was not found", text)
    if body.get("reasoning_effort") is not None and not re.match(r"grok-4\.3|grok-3-mini", model):
        text = f"Model {model} does not support parameter reasoningEffort."
        return xai_error(400, "Client specified an invalid argument", text)
    if not body.get("messages"):
        return xai_error(400, "Client specified an invalid argument", "Each request must have at least one message.")
    return None


Rule = Callable[[Mapping[str, Any]], Refusal | None]
_RULES: Mapping[str, Sequence[Rule]] = {
    "openai": (_openai_fields, _openai_thinking, _openai_order),
    "mistral": (_mistral_fields, _mistral_order, _mistral_calls),
    "xai": (_xai,),
}
