"""The counters: declared once, bounded by budgets, kept exactly, and exposed."""

from exporter.metrics.budget import Limits
from exporter.metrics.metrics import (
    ATTRIBUTED,
    DROPPED,
    MESSAGES,
    REJECTED,
    REPORTS,
    ROUTER_EVENTS,
    STATE_ERRORS,
    Metrics,
)

__all__ = [
    "ATTRIBUTED",
    "DROPPED",
    "MESSAGES",
    "REJECTED",
    "REPORTS",
    "ROUTER_EVENTS",
    "STATE_ERRORS",
    "Limits",
    "Metrics",
]
