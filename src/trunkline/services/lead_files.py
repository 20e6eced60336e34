"""Leads out of a spreadsheet: CSV whose first line names the columns."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

from trunkline.base.errors import Invalid
from trunkline.services.leads import Row, check_number
from trunkline.services.validation import invalid

PHONE_NUMBER, NAME = "phone_number", "name"
_COLUMNS = {"phone": PHONE_NUMBER, "number": PHONE_NUMBER, "phonenumber": PHONE_NUMBER, PHONE_NUMBER: PHONE_NUMBER}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_WRITTEN = re.compile(r"[\s().\-\u2010-\u2015/\u200b-\u200f\u202a-\u202e\u2060-\u2069]+")
_AS_TEXT = re.compile(r"""="(.*)"|'(.*)""", re.DOTALL)
_SEPARATORS = (",", ";", "\t")


def rows(text: str) -> list[Row]:
    """The rows of a file. One column is the number (``phone_number``, ``phone`` or ``number``), one may be the ``name``,
    every other is a variable; an empty cell is as good as none, as is an empty column without a name. Spaces, brackets and
    hyphens in a number, and 00 in place of +, are as people write them. The separator is a comma, a semicolon or a tab.
    Raises Invalid.
    """
    text = text.removeprefix("\ufeff")
    first = text.lstrip("\r\n").partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines = _lines(reader)
    try:
        header = next(lines, None)
        if header is None:
            raise invalid(["csv: is empty; its first line must name the columns"])
        columns = _columns(header[1])
        found = [_row(line, cells, columns) for line, cells in lines]
    except csv.Error as error:
        raise invalid([f"csv.line {reader.line_num}: is no CSV: {error}"]) from None
    if not found:
        raise invalid(["csv: has no line after the one that names the columns"])
    check_number(len(found), "csv")
    return found


def _lines(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not blank, each with the number that it begins at."""
    begin = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begin, cells
        begin = reader.line_num + 1


def _columns(header: list[str]) -> list[str]:
    columns: list[str] = []
    problems: list[str] = []
    for cell in header:
        plain = re.sub(r"\s+", "_", cell.strip())
        if not plain:
            columns.append(plain)
            continue
        name = NAME if plain.lower() == NAME else _COLUMNS.get(plain.lower(), plain)
        if name in columns:
            problems.append(f"csv.line 1: has two columns for {name}")
        elif not _VARIABLE.fullmatch(name):
            problems.append(f"csv.line 1: {cell!r} cannot be the name of a variable; use letters, digits and _")
        columns.append(name)
    if PHONE_NUMBER not in columns:
        problems.append("csv.line 1: names no column phone_number (or phone, or number)")
    if problems:
        raise invalid(problems)
    return columns


def _row(line: int, cells: list[str], columns: list[str]) -> Row:
    place = f"csv.line {line}"
    if len(cells) > len(columns):
        return Row(place, line, None, f"has {len(cells)} cells, more than the {len(columns)} columns")
    filled = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()}
    if "" in filled:
        return Row(place, line, None, "has a cell in a column without a name")
    number, name = filled.pop(PHONE_NUMBER, ""), filled.pop(NAME, None)
    plain = _WRITTEN.sub("", _bare(number))
    plain = f"+{plain[2:]}" if plain.startswith("00") else plain
    return Row(place, line, {PHONE_NUMBER: plain, NAME: name, "variables": filled})


def _bare(number: str) -> str:
    """Without what keeps a spreadsheet from reading a number as a sum: ``'+31…`` and ``="+31…"``."""
    found = _AS_TEXT.fullmatch(number)
    return number if found is None else found[1] or found[2] or ""


def decoded(raw: bytes) -> str:
    """The text of a file. Raises Invalid where it is not UTF-8."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            f"the file is not UTF-8 (byte {error.start}); save it as CSV UTF-8", details=["csv: is not UTF-8"]
        ) from None
    if "\0" in text:
        raise invalid(["csv: must not contain the NUL character"])
    return text
