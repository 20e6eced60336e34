"""What a party can want besides answering: hard rules first, then detours, each a pattern over normalised words."""

import re
from enum import StrEnum


class Intent(StrEnum):
    """What the party wants."""

    EMERGENCY = "emergency"
    OPT_OUT = "opt_out"
    WRONG_NUMBER = "wrong_number"
    HUMAN = "human"
    ROBOT = "robot"
    INSULT = "insult"
    HOLD = "hold"
    CALLBACK = "callback"
    REPEAT = "repeat"
    WHO = "who"
    WHY = "why"
    NOT_INTERESTED = "not_interested"
    GOODBYE = "goodbye"
    GREETING = "greeting"
    THANKS = "thanks"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_PERSON = (
    r"(?:(?:a|an|the|some|your|another|any|my) )*(?:real |actual |live |human |sales "
    r"|service )*(?:human(?: being)?|person|people"
    r"|some ?one(?: else)?|some ?body(?: else)?|agent|representative|rep|operator|manager|supervisor"
    r"|colleague|employee|receptionist"
    r"|staff|advis[eo]r|assistant manager|doctor|dentist|nurse|man|woman)"
)
_NAMED = r"(?: at| on| about| anymore| any more| ever| again| back| today| please|$)"

# A rule that ends the call must be sure of itself: what is only likely stands in LIKELY and is asked about first.
HARD: tuple[tuple[Intent, re.Pattern[str]], ...] = (
    (
        Intent.EMERGENCY,
        _any(
            r"\b(?:it is|this is|there is|i have|have|having|got|in) an? (?:\w+ )?emergency\b",
            r"^(?:help )?emergency\b",
            r"\b(?:call|need|get|send) (?:me )?(?:an |the )?(?:ambulance|police|fire (?:brigade"
            r"|department)|paramedics?)\b",
            r"\b(?:heart attack|can not breathe|chest pains?|having a stroke|bleeding badly|bleeding heavily)\b",
            r"\b(?:house|kitchen|building|flat|apartment) is on fire\b|\bthere is a fire\b",
            r"\b(?:kill myself|end my life|want to die|suicidal|is dying|is unconscious|not breathing"
            r"|being attacked)\b",
        ),
    ),
    (
        Intent.OPT_OUT,
        _any(
            r"\bstop (?:calling|phoning|ringing|bothering|harassing|contacting)\b",
            rf"\b(?:do not|never|not to|not) (?:ever )?(?:call|phone|ring|contact|bother) (?:me|us|here"
            rf"|this number|my number){_NAMED}",
            r"\b(?:do not|never) (?:ever )?(?:call|phone|ring|contact)(?: back)? (?:again|any ?more)\b"
            r"|^(?:please )?do not call(?: me)?$",
            r"\b(?:take|remove|delete|get|strike) (?:me|us|my number|my name|this number|our number) (?:off|from|of)\b",
            r"\b(?:remove|delete|erase) my (?:phone )?(?:number|data|details)\b|\bunsubscribe\b"
            r"|\bopt(?:ing)? (?:me )?out\b",
            r"\bno more (?:phone )?calls\b|\bdo not call (?:list|register|registry)\b|\bquit calling\b",
            r"\bdo not want (?:any more|any|more|these|to get|to receive"
            r"|you to) (?:more )?(?:of these |these |your |phone )*(?:calls?|call me)\b",
        ),
    ),
    (
        Intent.WRONG_NUMBER,
        _any(
            r"\bwrong (?:number|person|guy|house|address|woman|man)\b",
            r"\b(?:no ?body|no one|no such person|there is no|not any ?one)(?: \w+){0,4} (?:here"
            r"|by that name|called|named|with that name)\b",
            r"\b(?:does not|do not|did not|no longer) (?:live|work|stay)s? here\b|\bmisdialed\b|\bgot the wrong\b",
            r"\b(?:i am|this is|you are not|that is) not (?:calling |speaking to "
            r"|talking to )?(?:the )?(?:right|correct) (?:person|number)\b",
        ),
    ),
    (
        Intent.HUMAN,
        _any(
            rf"\b(?:speak|talk|chat|speaking|talking) (?:to|with) (?!me\b|you\b|us\b){_PERSON}\b",
            r"\b(?:connect|transfer|pass|hand|put) me (?:through |over |on |straight )*(?:to|with)\b"
            r"|\bput me through\b|\btransfer me\b|\bconnect me\b",
            r"^(?:a |an |just |get me |give me |i want |i need |let me have )*(?:a |an )?(?:real "
            r"|actual |live )?(?:human(?: being)?|(?:real|actual|live) person|operator|agent"
            r"|representative|supervisor)(?: please)?$",
            r"\b(?:want|need|prefer|like|get|give) (?:me )?(?:to have )?(?:a |an |some )?(?:real"
            r"|actual|live|human) (?:human|person|being|agent|operator)\b",
            rf"\bis there {_PERSON} i can (?:talk|speak)\b|\bcan i (?:have|get) (?:a|an) (?:human"
            rf"|person|operator|agent)\b",
        ),
    ),
    (
        Intent.ROBOT,
        _any(
            r"\b(?:are|r|is) (?:you|we|they|this|i|that|it)(?: talking to| speaking to| speaking with| even"
            r"| really| actually| just| like)* (?:a |an |the )?(?:real |actual |live |human )?(?:robot"
            r"|bot|machine|computer|ai|a i|recording|automated|human|person|artificial|chat ?bot"
            r"|real)\b",
            r"\b(?:you are|this is|you sound like|it is|that is|you must be) (?:just |only |clearly "
            r"|probably )*(?:a |an )?(?:robot|bot|machine|computer|ai|recording|chat ?bot)\b",
            r"\bam i (?:talking|speaking) (?:to|with) (?:a |an )?(?:robot|bot|machine|computer|ai"
            r"|human|person|real|recording|actual)\b",
            r"^(?:a )?robot$|\byou (?:a|an) (?:robot|bot|machine|human|ai)\b|\bis this automated\b",
        ),
    ),
)

DETOURS: tuple[tuple[Intent, re.Pattern[str]], ...] = (
    (
        Intent.INSULT,
        _any(
            r"\b(?:fuck|fucking|fuck off|asshole|bastard|bitch|piss off|screw you|shut up|idiot|moron"
            r"|stupid (?:robot|bot|machine|thing|computer|cow)|go to hell"
            r"|you suck|bullshit)\b",
        ),
    ),
    (
        Intent.HOLD,
        _any(
            r"\b(?:hold on|hang on|hold the line|one moment|just a moment|one second|just a second"
            r"|a sec|wait a (?:minute|second|moment|sec|bit)|give me a (?:minute|second|moment|sec)"
            r"|just a minute|one minute|bear with me|one sec)\b",
            r"^(?:please )?(?:wait|hold)(?: please)?$|\blet me (?:check|look|see|get my|grab|find)\b",
        ),
    ),
    (
        Intent.CALLBACK,
        _any(
            r"\b(?:can|could|may) i (?:please )?call (?:you|him|her|them) (?:back|later)\b",
            r"\bi will call (?:you |them )?(?:back|later)\b",
            r"\bcall (?:me )?(?:back|later|again|another time|tomorrow|some other time|me (?:in|at|on"
            r"|after|before|tomorrow|next|this|later))\b",
            r"\b(?:can|could) (?:you|we) (?:call|talk|do this|speak) (?:back |again )?(?:later"
            r"|another time|tomorrow|some other time|in)\b",
            r"\b(?:i am|i am a bit|i am really|i am very|i am quite|i am kind of|i am so"
            r"|we are) (?:too |quite |rather |a little )?(?:busy|driving|in a meeting|at work"
            r"|at the wheel|in the middle of|eating|having (?:dinner|lunch|breakfast)|in a hurry)\b",
            r"\b(?:not|is not|bad) (?:a |an |really |the )*(?:good|great|convenient|best|right"
            r"|bad) (?:time|moment)\b|\bbad (?:time|moment)\b",
            r"\b(?:can not|can not really) (?:talk|speak)(?: right)?(?: now)?\b|\b(?:do not"
            r"|did not) have (?:the |any |much )?time\b|\bno time\b(?! like)|^busy$",
        ),
    ),
    (
        Intent.REPEAT,
        _any(
            r"\b(?:say|repeat|tell me|do) (?:that|it|this|what you said)(?: to me)?(?: again"
            r"| once more| one more time)\b",
            r"\brepeat (?:that|it|the question|please|yourself|what)\b|^(?:can you |could you "
            r"|would you |please )*repeat\b",
            r"\b(?:did not|do not|could not|can not|could hardly|can hardly) (?:quite "
            r"|really )?(?:hear|catch|understand|get|follow)(?: you| that| it| what| the question)?\b",
            r"^(?:sorry |oh |um |uh )*(?:what|pardon|pardon me|huh|eh|sorry|excuse me|come again"
            r"|what was that|what is that|what did you say|i beg your pardon|beg your pardon|say again"
            r"|again|once more|one more time)(?: again| please| sorry)?$",
            r"\bwhat (?:did|do) you (?:say|mean|just say)\b|\bwhat was (?:that|the question)\b"
            r"|\bspeak (?:up|louder|slower|more slowly)\b|\b(?:come again|say again)\b",
        ),
    ),
    (
        Intent.WHO,
        _any(
            r"\bwho (?:is|are|am|was|s) (?:this|that|you|it|calling|there|speaking|i|on the|ringing)\b|^who$",
            r"\bwhom? (?:this|that|you) (?:is|are)\b",
            r"\bwhere (?:are|r) you (?:calling|phoning|ringing|from)\b|\bwho do you (?:work for"
            r"|represent)\b|\bwho(?: is| the hell is)? (?:calling|speaking)\b",
            r"\bwhat (?:is your name|company|are you called)\b|\bwho did you say\b|\bwhich company\b|\bdo i know you\b",
            r"\b(?:is|are) (?:this|that|you) (?:a |an )?(?:scam|scammers?|fraud|phishing|legit|serious)\b",
            r"\bhow do i know (?:this|that|you)\b",
        ),
    ),
    (
        Intent.WHY,
        _any(
            r"\bwhy (?:are|r|did|do|were) you (?:calling|call|phoning|ringing|ring|phone)\b|\bwhy (?:this|the) call\b",
            r"\bwhat (?:is|s|was) (?:this|it|that|the call|your call|this call|this all"
            r"|it all) (?:all )?(?:about|regarding|concerning|for)\b",
            r"\bwhat do you (?:want|need)\b|\bwhat can i do for you\b|\bhow can i help(?: you)?\b"
            r"|\bwhat are you calling (?:about|for)\b",
            r"\bwhat is (?:the|this) (?:reason|purpose)\b|^(?:what about|about what|regarding what|what for|why)$",
        ),
    ),
    (
        Intent.NOT_INTERESTED,
        _any(
            r"\b(?:not|no) (?:really |very |at all |longer )?(?:interested|interest)\b"
            r"|\bdo not (?:need|want) (?:any(?:thing)?|it|this|that)\b"
            r"|\bi would rather not\b|\bno thanks?(?: you)? bye\b"
        ),
    ),
    (
        Intent.GOODBYE,
        _any(r"\b(?:good ?bye|bye|bye bye|have to go|got to go|must go|hanging up|see you later|hang up)\b"),
    ),
    (
        Intent.GREETING,
        _any(
            r"^(?:(?:hello|hi|hey|hiya|good (?:morning|afternoon|evening|day)|hallo|howdy|greetings"
            r"|yes|yeah|is (?:any|some) ?(?:body|one) there|are you (?:still )?there|can you hear me"
            r"|i am (?:still )?here|there|again|speaking|this is he|this is she|this is \w+)(?: |$))+$",
        ),
    ),
    (
        Intent.THANKS,
        _any(
            r"^(?:(?:ok|okay|great|good|thanks|thank you|cheers|perfect|so much|very much|much|oh"
            r"|alright|all right)(?: |$))+$"
        ),
    ),
)

# What may be meant: never acted on without asking.
LIKELY: tuple[tuple[Intent, re.Pattern[str]], ...] = (
    (
        Intent.OPT_OUT,
        _any(
            r"\bleave (?:me|us) alone\b|\b(?:never|do not) (?:ever )?want to (?:hear from|talk to|speak to|be called)\b"
            r"|\bstop (?:this|it|that)\b|\bdo not (?:call|phone|ring"
            r"|contact)\b|\bnever call\b|\bsick of (?:this|these|your|you)\b"
            r"|\b(?:how|where) did you get my (?:number|name)\b|\bmy number (?:from|off)\b"
            r"|\bblock(?:ing)? (?:you|this number)\b|\b(?:start|started|stopped|not) calling me\b"
        ),
    ),
    (
        Intent.WRONG_NUMBER,
        _any(
            r"\bnot (?:me|him|her|the one)$|\b(?:he|she|they) (?:is|are) not (?:here|home|in"
            r"|available)\b|\bnever heard of\b"
            r"|\bdo not know (?:any ?one|any ?body|him|her|who that|that person)\b|\b(?:i am"
            r"|this is) not (?:mr|mrs|miss|ms) "
        ),
    ),
    (
        Intent.HUMAN,
        _any(
            r"\b(?:some ?one|some ?body) (?:real|from your|at your)\b|\b(?:the|your) (?:manager|doctor"
            r"|dentist|office|reception)\b.*\b(?:speak|talk)\b"
        ),
    ),
)

_NOT_EMERGENCY = re.compile(
    r"\b(?:not|no|non) (?:an |a )?(?:\w+ )?emergency\b|\bemergency (?:contact|appointment|number)\b"
)
_TIMED = re.compile(
    r"\bcall (?:me|us)? ?(?:at|on|after|before|until|then|in|between)\b|\b(?:before|after|until|at) (?:\d|work|noon)\b"
)


def hard_rule(plain: str) -> Intent | None:
    """The rule that goes before everything else, if one holds."""
    for intent, pattern in HARD:
        if not pattern.search(plain):
            continue
        if intent is Intent.EMERGENCY and _NOT_EMERGENCY.search(plain):
            continue
        if intent is Intent.OPT_OUT and _TIMED.search(plain) and "stop" not in plain:
            continue
        return intent
    return None


def detour(plain: str) -> Intent | None:
    """What the party wants besides the question, if the words say it."""
    return next((intent for intent, pattern in DETOURS if pattern.search(plain)), None)


def likely(plain: str) -> Intent | None:
    """What the party may want, and has to be asked about."""
    return next((intent for intent, pattern in LIKELY if pattern.search(plain)), None)


# A few examples each for the embedding, which only ever leads to a question or to a harmless answer.
EXAMPLES: dict[Intent, tuple[str, ...]] = {
    Intent.OPT_OUT: (
        "I do not want to be called any more",
        "You keep calling me and I want it to end",
        "Please lose my number",
    ),
    Intent.WRONG_NUMBER: ("I think you have dialled somebody else", "There is nobody of that name in this house"),
    Intent.HUMAN: ("I would rather deal with one of your staff", "Can somebody from your office take over?"),
    Intent.ROBOT: ("You do not sound human", "Is there a person at the other end or a program?"),
    Intent.CALLBACK: ("I cannot do this at the moment", "Could we do this some other time?"),
    Intent.REPEAT: ("I missed what you said", "The line is bad, what was that?"),
    Intent.WHO: ("Which firm are you with?", "Whom am I speaking with?"),
    Intent.WHY: ("What do you need from me?", "What is the purpose of your call?"),
}
