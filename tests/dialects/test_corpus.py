import json

import pytest

from exporter.dialects import table
from tests.golden import CORPUS, corpus, lines, reading


@pytest.mark.parametrize("case", corpus(), ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_every_line_means_what_a_person_has_read(case):
    expected = case.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
    for line, wanted in zip(lines(case), expected, strict=True):
        assert reading(line) == json.loads(wanted), line


def test_every_dialect_has_a_corpus_of_its_own_lines():
    for dialect in table.DIALECTS:
        own = [
            reading(line)["dialect"]
            for case in (CORPUS / dialect.name).glob("*.log")
            for line in lines(case)
        ]
        assert dialect.name in own
        assert set(own) <= {dialect.name, None}
