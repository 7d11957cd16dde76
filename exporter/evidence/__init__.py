"""The evidence store: what was decided in the last days, in SQLite, bounded.

`store` takes decisions in and moves them to the database, `layout` says what it looks like, `rows`
and `sockets` what of a decision is kept, `bounds` how long; `suspects` answers who was behind the
packets of a period, `sockets` who had which port then.
"""

from exporter.evidence.bounds import Bounds
from exporter.evidence.layout import LayoutError, prepare
from exporter.evidence.sockets import Held
from exporter.evidence.store import EvidenceStore
from exporter.evidence.suspects import Suspect

__all__ = [
    "Bounds",
    "EvidenceStore",
    "Held",
    "LayoutError",
    "Suspect",
    "prepare",
]
