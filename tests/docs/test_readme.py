"""Both READMEs say the same: the same sections, commands, pictures and places to read on."""

import re

import pytest

from tests.docs.pages import ROOT, blocks, headings

ENGLISH, JAPANESE = ROOT / "README.md", ROOT / "README.ja.md"
# What only one of them links to, since it is about the other language, or there in words.
OWN = {"README.ja.md", "README.md", "docs/start.ja.md"}


def bare(text: str) -> list[str]:
    """Return the lines of a block without its remarks."""
    return [re.sub(r" +#.*", "", line) for line in text.splitlines()]


def links(text: str) -> set[str]:
    found = {re.sub(r"-ja(?=\.png)", "", link) for link in re.findall(r"\]\(([^)]+)\)", text)}
    return {re.sub(r"\.ja(?=\.md)", "", link) for link in found - OWN}


def test_they_have_the_same_sections():
    english, japanese = (headings(page) for page in (ENGLISH, JAPANESE))
    assert [depth for depth, _ in english] == [depth for depth, _ in japanese]
    assert len({text for _, text in english} & {text for _, text in japanese}) == 1  # the name


def test_they_have_the_same_commands():
    english, japanese = ([*blocks(page)] for page in (ENGLISH, JAPANESE))
    assert [block.language for block in english] == [block.language for block in japanese]
    assert [bare(block.text) for block in english] == [bare(block.text) for block in japanese]


def test_they_name_the_same_settings_and_commands():
    english, japanese = (
        set(re.findall(r"`([^`\n]+)`", page.read_text("utf-8"))) for page in (ENGLISH, JAPANESE)
    )
    assert english - japanese == set()
    assert japanese - english == set()


def test_they_lead_to_the_same_pages():
    english, japanese = (links(page.read_text("utf-8")) for page in (ENGLISH, JAPANESE))
    assert english - japanese <= {"docs/images/wall-look.png"}  # the other language's wall
    assert japanese - english == set()


@pytest.mark.parametrize("page", [*ROOT.glob("docs/*.md")], ids=lambda page: page.name)
def test_the_index_leads_to_every_page(page):
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    assert page.name == "README.md" or f"({page.name})" in index
