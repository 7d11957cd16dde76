"""What is generated is fresh."""

import pytest

from tests.docs.pages import ROOT
from tools.docs import GENERATED


@pytest.mark.parametrize("name", GENERATED)
def test_what_make_docs_writes_is_fresh(name):
    assert (ROOT / name).read_text("utf-8") == GENERATED[name]()
