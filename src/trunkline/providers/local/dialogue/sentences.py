"""Every sentence that the engine says of its own accord; each kind has several wordings, taken in turn."""

from collections.abc import Mapping

WORDINGS: Mapping[str, tuple[str, ...]] = {
    "acknowledge": ("Okay.", "All right."),
    "noted": ("Thank you.", "Thanks, I've noted that.", "Okay, thank you."),
    "echo": ("Okay, {}.", "All right, {}."),
    "corrected": ("Okay, I've changed that to {}.", "All right, {} it is."),
    "confirm": ("Just to be sure: {}. Is that right?", "I understood {}. Is that correct?"),
    "confirm yes": ("I take that as a yes. Is that right?", "So that's a yes, correct?"),
    "confirm no": ("I take that as a no. Is that right?", "So that's a no, correct?"),
    "not understood": (
        "Sorry, I didn't quite get that.",
        "I'm sorry, I still didn't understand.",
        "I didn't catch that, I'm afraid.",
    ),
    "not heard": ("Let me ask again.", "Here is my question again."),
    "move on": ("Never mind, let's go on.", "That's all right, we'll leave that open."),
    "hint yes_no": ("A simple yes or no is enough.", "Is that a yes, or a no?"),
    "hint number": ("Just tell me a number, please.", "A number is enough, such as seven."),
    "hint date_time": (
        "Please give me a day and a time, such as Tuesday at three.",
        "Which day and what time suit you?",
    ),
    "hint choice": ("You can choose from {}.", "Please say one of these: {}."),
    "hint text": ("Please tell me in your own words.", "In a few words is fine."),
    "which day": ("And on which day?", "Which day would that be?"),
    "which time": ("And at what time?", "What time would suit you?"),
    "emergency": ("If this is an emergency, please hang up now and call 112, or 911 in the United States.",),
    "emergency why": ("I'm an automated assistant and can't send help.",),
    "opted out": ("I understand, and I apologise for the disturbance.",),
    "opted out recorded": ("I'll record that you don't want to be called again. Goodbye.",),
    "wrong number": ("I'm sorry for the mistake.",),
    "wrong number recorded": ("I'll note that this is the wrong number. Goodbye.",),
    "sure opt_out": (
        "Just to be sure: would you like us not to call you again?",
        "Shall I record that you don't want any more calls?",
    ),
    "sure wrong_number": ("Have I reached the wrong number?", "So is this the wrong number?"),
    "sure human": ("Would you like to speak to a person?", "Would you prefer to talk to somebody from our team?"),
    "sure callback": ("Would you like us to call back another time?", "Is this a bad moment to talk?"),
    "transfer": ("Of course. One moment, please, I'll connect you.", "Certainly, I'll put you through."),
    "transfer failed": ("I'm sorry, nobody can take the call right now.", "I'm afraid I couldn't reach anybody."),
    "no human": (
        "I'm sorry, I can't connect you to anybody from here.",
        "I'm afraid nobody can join this call right now.",
    ),
    "take message": (
        "I can take a message, and somebody will call you back. What should I pass on?",
        "What may I tell them when they call you back?",
    ),
    "message taken": ("Thank you. I'll pass that on, and somebody will call you back.",),
    "no message": ("All right, I'll ask somebody to call you back.",),
    "robot": ("Yes, I'm an automated assistant, not a person.", "I'm a computer program that makes phone calls."),
    "who": ("This is an automated assistant{}.", "I'm an automated assistant{}."),
    "introduction": ("I'm calling for {}.", "This call is from {}."),
    "why": ("I'm calling to {}.", "The reason for my call is to {}."),
    "why unknown": ("I have a short message for you.", "It's a short call, it won't take long."),
    "repeat": ("Of course.", "Sure, once more."),
    "busy": (
        "No problem. When would be a better time to call you?",
        "That's fine. When may we call you back?",
    ),
    "callback noted": ("All right, we'll call you back {}. Goodbye.",),
    "callback open": ("All right, I'll note that we should call at another time. Goodbye.",),
    "hold": ("Of course, take your time.", "No problem, I'll wait.", "Sure, I'm still here."),
    "greeting": ("Hello.", "Hi there.", "Hello again."),
    "resume": ("Shall we go on?", "Let's go on, then.", "Are you ready to continue?"),
    "insult": ("I'm sorry that this call bothers you.",),
    "insult offer": ("If you don't want to be called again, please say so.",),
    "insult end": ("I'm sorry for the disturbance. I'll end the call now. Goodbye.",),
    "not interested": ("I understand, I won't keep you any longer.",),
    "unknown": (
        "I'm sorry, I don't have an answer to that.",
        "That I don't know, I'm afraid. I've noted your question.",
        "I can't answer that, but I've noted it.",
    ),
    "check": ("Let me check that for you.", "One moment, I'll look that up."),
    "tool failed": ("I'm sorry, I couldn't find that out right now.", "I'm afraid the lookup didn't work."),
    "tool done": ("That's done.", "It's been taken care of."),
    "tool started": ("I've passed that on.", "That's on its way."),
    "news": ("I've just been told: {}.", "Here is an update: {}."),
    "trouble": ("I'm sorry, I'm having trouble understanding you.",),
    "trouble end": ("Somebody will get back to you. Goodbye.",),
    "time up": ("I'm sorry, but our time is nearly up.",),
    "closing": ("Thank you for your time. Goodbye.",),
    "goodbye": ("Goodbye.", "Thank you, and goodbye.", "Bye now."),
    "welcome": ("You're welcome.", "My pleasure."),
    "anything": ("Is there anything else?", "What else can I do for you?"),
}


def wording(kind: str, turn: int, *values: str) -> str:
    """A sentence of a kind; ``turn`` picks the wording."""
    options = WORDINGS[kind]
    return options[turn % len(options)].format(*values)


def others(sentence: str) -> tuple[str, ...]:
    """The other wordings of a sentence that says no value of its own."""
    return next(
        (tuple(o for o in options if o != sentence) for options in WORDINGS.values() if sentence in options), ()
    )


def listing(names: list[str]) -> str:
    """``a, b or c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def capitalised(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]
