"""Days and times in what was said, as one says them back: ``Tuesday at 3:30 pm``, ``tomorrow morning``."""

import re
from dataclasses import dataclass

from trunkline.providers.local.dialogue.numbers import with_digits

_DAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
_MONTH_NAMES = "January February March April May June July August September October November December"
_MONTHS = _MONTH_NAMES.split()
_DAY_WORD = r"(?:mon|tues?|wednes|weds?|thurs?|thu|fri|satur|sat|sun)(?:day)?s?"
_WEEKDAY = re.compile(rf"\b(next |this |coming )?({_DAY_WORD})\b")
_MONTH_WORD = "|".join(month.lower() for month in _MONTHS)
_DATES = (
    re.compile(rf"\b(?P<month>{_MONTH_WORD}) (?:the )?(?P<day>\d{{1,2}})(?:th)?\b(?! ?(?:am|pm|oclock|:))"),
    re.compile(rf"\b(?:the )?(?P<day>\d{{1,2}})(?:th)? (?:of )?(?P<month>{_MONTH_WORD})\b"),
    re.compile(r"\b(?:the )?(?P<day>\d{1,2})th\b(?! (?:one|1)\b)(?P<month>)"),
)
_RELATIVE = re.compile(
    r"\b(the day after tomorrow|day after tomorrow|tomorrow|today|tonight|next week|this week|next month|the weekend"
    r"|weekend|in an hour|in (?:a|\d+) (?:minutes?|hours?|days?|weeks?)|any ?time|any day|whenever)\b"
)
_REFUSED = re.compile(
    rf"\b(?:not|unable to|instead of|rather than|except)(?: (?!but\b)\w+){{0,3}}? (?:on )?(?:{_DAY_WORD}|tomorrow|today)\b"
    r"(?: (?:at )?\d{1,2}(?::\d\d| \d\d)?(?: ?[ap]m)?)?"
)
_UNFIT = re.compile(
    rf"\b(?:{_DAY_WORD}|tomorrow|today)(?: (?:at )?\d{{1,2}}(?: ?[ap]m)?)?(?: \w+){{0,2}}?"
    r" (?:does not|is not|will not|would not|did not|can not|is no good|is bad|is impossible|is difficult)\b"
)
_PART = re.compile(r"\b(morning|afternoon|evening|night|lunch ?time|tonight)\b")
_FIXED = {"noon": "12 pm", "midday": "12 pm", "midnight": "midnight"}
_CLOCKS = (
    re.compile(r"\b(?P<hour>\d{1,2}):(?P<minute>\d\d)(?: ?(?P<half>[ap]m))?\b"),
    re.compile(
        r"\b(?P<shift>half|quarter|\d{1,2})(?: minutes)? (?P<way>past|after|to"
        r"|before) (?P<hour>\d{1,2})\b(?: ?(?P<half>[ap]m))?"
    ),
    re.compile(r"\b(?P<hour>\d{1,2}) (?P<minute>[0-5]\d)(?: ?(?P<half>[ap]m))?\b"),
    re.compile(r"\b(?P<hour>\d{1,2}) ?(?P<half>[ap]m)\b"),
    re.compile(r"\b(?P<hour>\d{1,2}) oclock\b(?: ?(?P<half>[ap]m))?"),
    re.compile(r"\b(?:at|around|about|by|after|before|from|say|make it) (?P<hour>\d{1,2})\b(?!th)"),
    re.compile(rf"\b(?:{_DAY_WORD}|tomorrow|today) (?P<hour>\d{{1,2}})\b(?!th)"),
    re.compile(r"^(?P<hour>\d{1,2})(?: (?:is|would|works|sounds|please|then|in the|will|should)\b.*)?$"),
)


@dataclass(frozen=True, slots=True)
class When:
    """A day, a time of day, or both, in words. ``several`` says that more than one was named."""

    day: str = ""
    time: str = ""
    several: bool = False

    def __str__(self) -> str:
        if self.day and self.time:
            part = self.time in ("morning", "afternoon", "evening", "night", "lunchtime")
            return f"{self.day} {self.time}" if part else f"{self.day} at {self.time}"
        return self.day or self.time


def weekdays(text: str) -> list[str]:
    """The days of the week that a normalised text names."""
    found = []
    for prefix, word in _WEEKDAY.findall(text):
        name = _DAYS[word[:3]]
        found.append(f"next {name}" if prefix.strip() == "next" else name)
    return found


def _date(text: str) -> str:
    for pattern in _DATES:
        if (match := pattern.search(text)) and 1 <= int(match["day"]) <= 31:
            return (
                f"{match['month'].capitalize()} {int(match['day'])}"
                if match["month"]
                else f"the {ordinal(match['day'])}"
            )
    return ""


def ordinal(day: str) -> str:
    """``3`` → ``3rd``."""
    number = int(day)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number not in (11, 12, 13) else 0, "th")
    return f"{number}{ending}"


def _days(text: str) -> list[str]:
    relative = [re.sub(r"^(the )?day after", "the day after", found) for found in _RELATIVE.findall(text)]
    days = [re.sub(r"^any ?time$|^whenever$", "any time", day) for day in relative if day != "tonight"]
    if "tonight" in relative:
        days.append("tonight")
    days += weekdays(text)
    if date := _date(text):
        days.append(date)
    return list(dict.fromkeys(days))


def _clock(match: re.Match[str], part: str) -> str | None:
    groups = match.groupdict()
    hour, minute, half = int(groups["hour"]), int(groups.get("minute") or 0), groups.get("half")
    if way := groups.get("way"):
        shift = {"half": 30, "quarter": 15}.get(groups["shift"]) or int(groups["shift"])
        if way in ("to", "before"):
            hour, minute = (hour - 1 or 12), 60 - shift
        else:
            minute = shift
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        return None
    if not half:
        half = _half(hour, part)
    hour = hour - 12 if hour > 12 else hour or 12
    return f"{hour}:{minute:02d} {half}" if minute else f"{hour} {half}"


def _half(hour: int, part: str) -> str:
    """Morning or afternoon where nobody said it: the hours people keep appointments at."""
    if part == "morning" or hour == 0:
        return "am"
    if part in ("afternoon", "evening", "night", "tonight") or hour >= 12:
        return "pm"
    return "pm" if hour <= 7 else "am"


def _times(text: str) -> list[str]:
    part = match[1] if (match := _PART.search(text)) else ""
    for word, spoken in _FIXED.items():
        if re.search(rf"\b{word}\b", text):
            return [spoken]
    for pattern in _CLOCKS:
        found = [clock for match in pattern.finditer(text) if (clock := _clock(match, part))]
        if found:
            return list(dict.fromkeys(found))
    return [part.replace("lunch time", "lunchtime")] if part and part != "tonight" else []


def find_when(plain: str) -> When | None:
    """The day and time that a normalised text names (refused ones left out), or None."""
    text = _UNFIT.sub(" ", _REFUSED.sub(" ", with_digits(plain)))
    text = " ".join(text.split())
    days = _days(text)
    for pattern in _DATES[:2]:
        text = pattern.sub(" ", text)
    times = _times(" ".join(text.split()))
    if not days and not times:
        return None
    several = len(times) > 1 or len([day for day in days if day.lower() not in ("today", "tomorrow")]) > 1
    return When(" ".join(days[:1]), " ".join(times[:1]), several)
