"""The words that a model is asked with after a call, and what stands for the call in them."""

EXTRACT = (
    "You extract data from the transcript of a phone call. Answer with one JSON value that fits this JSON Schema, and "
    "with nothing else. Never guess: what was not said is null where the schema allows it.\n\n{{schema}}"
)
ANSWER = "Answer with one JSON value that fits this JSON Schema, and with nothing else.\n\n{{schema}}"
TRANSCRIPT = "The transcript:\n\n{{transcript}}"
PLACEHOLDERS = ("transcript", "summary", "duration", "caller_number")
"""What ``{name}`` and ``{{name}}`` stand for; ``{{schema}}`` and ``{{ended_reason}}`` are written with two braces alone."""
