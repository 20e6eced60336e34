"""Places a call, follows it as it happens, has something said, and prints what came of it.

TRUNKLINE_URL=http://127.0.0.1:8080 TRUNKLINE_API_KEY=tl_live_... python place_call.py +31612345678
"""

import sys

from trunkline.client import ApiError, Trunkline


def main(destination: str) -> int:
    """Runs the call; the exit code says whether it was answered."""
    with Trunkline() as client:
        try:
            placed = client.calls.place(
                destination=destination,
                assistant={
                    "llm_config": {"provider": "local", "model": "scripted"},
                    "stt_config": {"provider": "local"},
                    "tts_config": {"provider": "local"},
                    "first_message": "Hello {{name}}, this is a call from a program.",
                },
                variables={"name": "Ada"},
                metadata={"order": "1234"},
            )
        except ApiError as error:
            print(error)
            return 1
        for event in client.calls.events(placed["call_id"]):
            print(event.kind, event.data.get("status") or event.data.get("content") or "")
            if event.data.get("status") == "in-progress":
                client.calls.say(placed["call_id"], "That was all. Goodbye.", end_after=True)
        call = client.calls.get(placed["call_id"])
    print(f"{call['status']}, {call['end_reason']}, {call['duration_seconds']} s")
    return 0 if call["duration_seconds"] is not None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
