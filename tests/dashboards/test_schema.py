"""Grafana's own schema knows every key that we write.

The models of grafana-foundation-sdk are made from that schema: what a model does not know is lost
on the way through it. `0` and empty values may be left out by it.
"""

import importlib
import json
import warnings

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from tests.dashboards.generated import DASHBOARDS, KEYS, PANELS

with warnings.catch_warnings():  # its models of the classic schema say that there is a newer one
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.models import dashboard as schema

NOTHING: tuple[object, ...] = (None, [], {}, "", False, 0)


def through(model, value):
    return json.loads(JSONEncoder().encode(model.from_json(value)))


def lost(before, after, path):
    """Yield what did not come back, or came back as something else."""
    if isinstance(before, dict):
        for key, value in before.items():
            if isinstance(after, dict) and key in after:
                yield from lost(value, after[key], f"{path}.{key}")
            elif value not in NOTHING:
                yield f"{path}.{key} is not known"
    elif isinstance(before, list):
        for index, value in enumerate(before):
            there = isinstance(after, list) and index < len(after)
            yield from lost(value, after[index] if there else None, f"{path}[{index}]")
    elif before != after:
        yield f"{path} is {before!r} and comes back as {after!r}"


@pytest.mark.parametrize("key", KEYS, ids="-".join)
def test_nothing_of_a_dashboard_is_unknown_to_the_schema(key):
    board = {name: value for name, value in DASHBOARDS[key].items() if name != "panels"}
    assert list(lost(board, through(schema.Dashboard, board), "dashboard")) == []


def test_nothing_of_a_panel_is_unknown_to_the_schema():
    assert [what for title, panel in PANELS for what in lost_of_panel(panel, title)] == []


def lost_of_panel(panel, title):
    module = importlib.import_module(f"grafana_foundation_sdk.models.{panel['type']}")
    custom = panel["fieldConfig"]["defaults"].get("custom", {})
    common = {name: value for name, value in panel.items() if name != "options"}
    yield from lost(common, through(schema.Panel, common), title)
    yield from lost(panel["options"], through(module.Options, panel["options"]), f"{title}.options")
    if custom:
        yield from lost(custom, through(module.FieldConfig, custom), f"{title}.custom")


def test_a_key_that_no_schema_knows_would_be_found():
    panel = {**PANELS[0][1], "colorBackground": True}
    assert "x.colorBackground is not known" in list(lost(panel, through(schema.Panel, panel), "x"))
