"""No command of a page hides from the tests: every block is found, and says what it holds."""

import re

import pytest

from tests.docs.pages import FENCE, PAGES, blocks, name_of

SHELLS = {"sh", "console", "bat", "powershell"}
DATA = {"", "ini", "toml", "yaml"}
COMMAND = re.compile(
    r"^ *[$#>]? *(sudo|knockwatch|docker|make|python|pipx?|git|curl|sh|systemctl|apt|nft|openssl) ",
    re.MULTILINE,
)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_found(page):
    assert len(FENCE.findall(page.read_text("utf-8"))) == 2 * len([*blocks(page)])


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_block_is_of_commands_or_holds_none(page):
    for block in blocks(page):
        assert block.language in SHELLS | DATA
        remarks = block.language != ""  # those say which command a file goes with
        text = re.sub(r"^#.*$", "", block.text, flags=re.MULTILINE) if remarks else block.text
        assert block.language in SHELLS or not COMMAND.search(text), block
