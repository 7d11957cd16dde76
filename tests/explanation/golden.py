"""Write the golden sentences: `python -m tests.explanation.golden`. A person reads the diff."""

import json
from pathlib import Path
from typing import get_args

from exporter.explanation import Language, advice, certainty, summary
from tests.explanation.scenarios import GOLDEN

FILE = Path(__file__).with_name("golden.jsonl")


def sentences() -> list[dict[str, str]]:
    return [
        {
            "case": case,
            "language": language,
            "summary": summary(subject, language),
            "advice": advice(subject, language),
            "certainty": certainty(subject, language),
        }
        for language in get_args(Language)
        for case, subject in GOLDEN.items()
    ]


if __name__ == "__main__":
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in sentences()]
    FILE.write_text("".join(lines), encoding="utf-8")
