"""The pages of the manual, and the blocks of code that stand in them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = (
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "bench" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)

_BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^ *```$", re.M | re.S)
_HEADING = re.compile(r"^#+ +(.*)$", re.M)


def blocks(page: str, language: str, heading: str = "") -> list[str]:
    """The fenced blocks of a page in one language, as they stand; of one section where a heading is given."""
    text = (ROOT / page).read_text()
    if heading:
        begin = text.index(f"# {heading}\n")
        end = re.compile(r"^#+ ", re.M).search(text, text.index("\n", begin))
        text = text[begin : end.start() if end else len(text)]
    found = [match for match in _BLOCK.finditer(text) if match["language"] == language]
    return [re.sub(rf"^{match['indent']}", "", match["text"], flags=re.M) for match in found]


def anchors(page: Path) -> list[str]:
    """The names under which the headings of a page can be linked to, as GitHub makes them."""
    titles = _HEADING.findall(re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.M | re.S))
    return [re.sub(r"[^\w\- ]", "", title.lower().replace("`", "")).strip().replace(" ", "-") for title in titles]
