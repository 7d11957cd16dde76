"""The page about inputs says what each reason for a lost message means."""

import re
from typing import get_args

from exporter.transports import DropReason
from tests.docs.pages import ROOT


def test_every_reason_for_which_a_message_is_dropped_is_explained():
    page = (ROOT / "docs" / "inputs.md").read_text("utf-8").partition("\n## ")[0]
    assert set(get_args(DropReason)) | {"forged"} <= set(re.findall(r"`(\w+)`", page))
