"""The scene of the demo: the assistant and its script, who is called, and what is ordered while the call goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MARIA, SOPHIE = "+31612345678", "+31850835038"
NAMES = {MARIA: "Maria", SOPHIE: "Sophie"}
CAST = {MARIA: "questioner", SOPHIE: "receptionist"}
"""Who is at which number: the personas of ``trunkline.testing.persona``."""

VARIABLES = {
    "name": "Maria",
    "business_name": "Bright Smile Dental",
    "day": "Tuesday",
    "time": "three in the afternoon",
}
TOOL = "reserve_parking"
SPACE = "seven"
AGREED = {"confirmed": True}


@dataclass(frozen=True, slots=True)
class Cue:
    """A command, and the line of the event stream at which the demo sends it, or the time when none came."""

    line: str
    command: Mapping[str, Any]
    at_the_latest_seconds: float


PARKING = {"type": "inject-context", "content": "There is free parking behind the building."}
CARD = {"type": "say", "content": "Please bring your insurance card.", "interruptible": False}
CUES = (Cue(r"transcript assistant", PARKING, 8), Cue(r"transcript user .*make it", CARD, 40))

SCRIPT: dict[str, Any] = {
    "goal": "confirm your appointment on {{day}}",
    "steps": [
        {
            "id": "confirm",
            "say": "I'm calling about your appointment at {{business_name}} on {{day}} at {{time}}.",
            "ask": "Can you make it then?",
            "slot": "confirmed",
            "type": "yes_no",
            "next": {"yes": "reserve", "no": "anything"},
        },
        {
            "id": "reserve",
            "say": "Great. I will reserve a parking space for you.",
            "tool": TOOL,
            "arguments": {"day": "{{day}}", "time": "{{time}}"},
            "slot": "space",
            "next": {"failed": "anything", "*": "reserved"},
        },
        {"id": "reserved", "say": "You have parking space {{space}}."},
        {
            "id": "anything",
            "ask": "Is there anything else I can do for you?",
            "slot": "wants_more",
            "type": "yes_no",
            "next": "end",
        },
    ],
    "closing": "Thank you, and have a nice day. Goodbye.",
}


def assistant(tool_url: str) -> dict[str, Any]:
    """The assistant, whose tool is answered at ``tool_url``, and who may hand the call over to Sophie."""
    schema = {"type": "object", "properties": {"confirmed": {"type": ["boolean", "null"]}}}
    parameters = {
        "type": "object",
        "properties": {"day": {"type": "string"}, "time": {"type": "string"}},
        "required": ["day", "time"],
    }
    tool = {"name": TOOL, "description": "Reserves a parking space.", "parameters": parameters, "url": tool_url}
    sophie = {"number": SOPHIE, "description": "The reception", "mode": "warm"}
    return {
        "name": "Appointment reminder",
        "business_name": VARIABLES["business_name"],
        "first_message": "Hello {{name}}, this is the virtual assistant of {{business_name}}.",
        "recording_enabled": True,
        "llm_config": {
            "provider": "local",
            "model": "scripted",
            "script": SCRIPT,
            "tools": [tool, {"type": "transfer_call", "destinations": [sophie]}],
        },
        "analysis_plan": {"structured_data_plan": {"enabled": True, "schema": schema}},
    }
