"""What a rejected packet was, in plain words: summary, advice, certainty, steps; English, Japanese.

In goes a `Subject`: one decided line, or a suspect of a period. Out comes plain text, not escaped.
The phrases are data, in en.yaml and ja.yaml; what programs are comes from the knowledge files.
"""

from exporter.explanation.advising import advice
from exporter.explanation.background import background
from exporter.explanation.bisecting import findings, follows, next_step
from exporter.explanation.certainties import certainty
from exporter.explanation.headlines import headline
from exporter.explanation.lines import (
    Line,
    advice_of_line,
    of_line,
    steps_of_decision,
    steps_of_line,
)
from exporter.explanation.names import cause, direction, evidence, network, verdict
from exporter.explanation.quantities import duration, period
from exporter.explanation.reasons import reason
from exporter.explanation.subjects import Subject, of_decision
from exporter.explanation.summaries import summary
from exporter.explanation.words import Language

__all__ = [
    "Language",
    "Line",
    "Subject",
    "advice",
    "advice_of_line",
    "background",
    "cause",
    "certainty",
    "direction",
    "duration",
    "evidence",
    "findings",
    "follows",
    "headline",
    "network",
    "next_step",
    "of_decision",
    "of_line",
    "period",
    "reason",
    "steps_of_decision",
    "steps_of_line",
    "summary",
    "verdict",
]
