"""The changelog keeps its form, counts the dialects, and ends where the version does."""

import re
import tomllib
from itertools import pairwise

from exporter.dialects.table import DIALECTS
from tests.docs.pages import ROOT

TEXT = (ROOT / "CHANGELOG.md").read_text("utf-8")
SECTIONS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_what_is_new_stands_first_then_versions_with_their_days_the_newest_first():
    unreleased, *released = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    assert unreleased == "[Unreleased]"
    found = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d\d-\d\d", one) for one in released]
    assert None not in found
    numbers = [tuple(map(int, one.groups())) for one in found if one]
    assert all(newer > older for newer, older in pairwise(numbers))
    assert not released or released[0].startswith(f"[{VERSION}] ")


def test_each_version_has_known_sections_in_their_order():
    for version in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        sections = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert sections == [one for one in SECTIONS if one in sections]


def test_the_families_of_dialects_are_as_many_as_it_says():
    modules = {dialect.parse.__module__ for dialect in DIALECTS}
    assert f"[{len(modules)} families of routers and services]" in TEXT
