"""The counters: declared once, bounded by budgets, kept exactly, and exposed."""

from exporter.metrics.budget import Limits
from exporter.metrics.declared import (
    ATTRIBUTED,
    DROPPED,
    MESSAGES,
    REJECTED,
    REPORTS,
    ROUTER_EVENTS,
    STATE_ERRORS,
)
from exporter.metrics.metrics import Metrics

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
