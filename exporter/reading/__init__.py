"""What one message says, and what was not understood."""

from exporter.reading.reading import Reader, Rule, Sender

__all__ = ["Reader", "Rule", "Sender"]
