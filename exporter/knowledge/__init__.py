"""What programs, ports and networks mean: YAML that people edit, and its loader."""

from exporter.knowledge.loader import Knowledge, KnowledgeError, KnownNetworks, load
from exporter.knowledge.records import (
    Application,
    KnownNetwork,
    NetworkKind,
    PortEntry,
    PortKind,
    Scanner,
    SourcePort,
    SpecialPrefix,
    Text,
)

__all__ = [
    "Application",
    "Knowledge",
    "KnowledgeError",
    "KnownNetwork",
    "KnownNetworks",
    "NetworkKind",
    "PortEntry",
    "PortKind",
    "Scanner",
    "SourcePort",
    "SpecialPrefix",
    "Text",
    "load",
]
