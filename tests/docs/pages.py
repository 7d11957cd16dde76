"""The pages for people: which there are, and what stands in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        ROOT / "secrets" / "README.md",
    ]
)
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^ *(```|~~~)", re.MULTILINE)  # whatever opens or closes a block
_HEADING = re.compile(r"^(#+) +(.+?) *$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str  # below the root
    line: int  # of its first line of text
    language: str  # "" when it names none
    text: str


def name_of(page: Path) -> str:
    """Return a page's name as the repository calls it."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    text = page.read_text("utf-8")
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start(3)) + 1
        yield Block(name_of(page), line, match[2], match[3])


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def headings(page: Path) -> list[tuple[int, str]]:
    """Return the headings of a page: depth and text."""
    return [(len(match[1]), match[2]) for match in _HEADING.finditer(prose(page))]


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings have where it is shown."""
    found: set[str] = set()
    for _, text in headings(page):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text).replace("`", "")
        found.add(re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-"))
    return found
