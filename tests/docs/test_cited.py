"""What pages refer to is there: other pages, places in them, and tests."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, name_of, prose

LINK = re.compile(r"\]\(([^)\s]+)\)")
TEST = re.compile(r"`(test_\w+)`")
FILE = re.compile(r"`(tests/[\w/]+\.\w+)`")


def defined_tests() -> set[str]:
    """Return the names of all tests."""
    sources = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for text in sources for name in re.findall(r"def (test_\w+)\(", text)}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_inside_leads_somewhere(page: Path):
    broken = []
    for target in LINK.findall(prose(page)):
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        aim = page if not path else (page.parent / path).resolve()
        if not aim.exists() or (anchor and anchor not in anchors(aim)):
            broken.append(target)
    assert not broken


def test_every_test_that_a_page_names_is_there():
    named = {name for page in PAGES for name in TEST.findall(prose(page))}
    assert named
    assert not named - defined_tests()


def test_the_architecture_leads_to_every_module_and_folder_of_the_first_level():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`(?:exporter/)?(\w+(?:\.py|/))`", page))
    modules = {path.name for path in (ROOT / "exporter").glob("[!_]*.py")}
    folders = {f"{path.parent.name}/" for path in (ROOT / "exporter").glob("*/__init__.py")}
    assert modules | folders <= named


def test_every_file_of_tests_that_a_page_names_is_there():
    named = {name for page in PAGES for name in FILE.findall(prose(page))}
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()
