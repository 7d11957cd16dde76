"""What is wrong between a router and its numbers, hop by hop, and the one thing to do next.

The condition of a running exporter goes in (`records`), findings in words come out (`findings`), in
the order in which a line travels (`hops`). Pure.
"""

from exporter.doctor.findings import findings, next_step
from exporter.doctor.hops import HOPS
from exporter.doctor.records import (
    CanaryCondition,
    Condition,
    Dropped,
    Finding,
    Listener,
    RouterCondition,
    Sample,
    State,
    Trouble,
)

__all__ = [
    "HOPS",
    "CanaryCondition",
    "Condition",
    "Dropped",
    "Finding",
    "Listener",
    "RouterCondition",
    "Sample",
    "State",
    "Trouble",
    "findings",
    "next_step",
]
