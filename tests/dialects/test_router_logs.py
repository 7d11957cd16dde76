"""Lines that other people published, labelled by hand; they lie beside the checkout, not in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from exporter.dialects import table
from exporter.syslog import header, repeats
from tests.golden import RECEIVED, reading

FOLDER = Path(__file__).parents[2].parent / "shared" / "router-logs"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no router-logs in {FOLDER.parent}")


def samples(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.jsonl")), ids=lambda path: path.stem)
def test_lines_mean_what_their_labels_say(path):
    read = samples(path.stem)
    assert read
    for sample in read:
        event = reading(sample["line"].encode())["event"]
        assert event is not None, sample["line"]
        expect = sample["expect"]
        # Where no verdict is stated, a key that the label leaves out does no harm.
        keys = expect if expect["kind"] == "other" else (event.keys() - {"action"}) | expect.keys()
        assert {key: event.get(key) for key in keys} == {key: expect.get(key) for key in keys}, (
            sample["line"]
        )


def test_no_line_is_claimed_by_two_dialects():
    for path in sorted(FOLDER.glob("*.jsonl")):
        for sample in samples(path.stem):
            message = header.read(sample["line"].encode(), RECEIVED)
            repeat = repeats.read(message)
            if repeat and repeat.message:
                message = repeat.message
            claiming = [dialect.name for dialect in table.DIALECTS if dialect.claims(message)]
            assert len(claiming) <= 1, sample["line"]
