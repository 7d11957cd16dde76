"""Whose packet was it: the evidence ladder, what it looks at, and what waits for it."""

from exporter.attribution.attribution import MAX_GRACE, Attributor, Finding

__all__ = ["MAX_GRACE", "Attributor", "Finding"]
