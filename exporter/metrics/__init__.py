"""The counters: declared once, bounded by budgets, kept exactly, and exposed."""

from exporter.metrics.metrics import (
    ATTRIBUTED,
    DROPPED,
    MESSAGES,
    REJECTED,
    REPORTS,
    ROUTER_EVENTS,
    STATE_ERRORS,
    Limits,
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
