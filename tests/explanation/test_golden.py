import json

from tests.explanation.golden import FILE, sentences


def test_the_golden_sentences_are_those_of_today():
    lines = FILE.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == sentences()
