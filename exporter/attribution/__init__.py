"""Whose packet was it: the evidence ladder, what it looks at, and what waits for it."""

from exporter.attribution.attribution import Attributor, Finding
from exporter.attribution.patience import MAX_GRACE

__all__ = ["MAX_GRACE", "Attributor", "Finding"]
