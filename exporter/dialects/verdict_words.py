"""The words with which people name a rule's verdict in a prefix that they choose.

    drop-in   FW_FWD_DROP   pca-accept   BLOCKED:        a verdict
    FW_INPUT_NEW   [IDS-L7-EXFIL]   backdrop             none

A prefix goes in, its first verdict comes out, or None.
"""

import re
from functools import lru_cache

from exporter.events import Kind

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("drop", "dropped", "drp", "drops", "dropping"), "rejected"),
    **dict.fromkeys(("reject", "rejected", "rejects", "rej"), "rejected"),
    **dict.fromkeys(("deny", "denied", "denies", "denying"), "rejected"),
    **dict.fromkeys(("block", "blocked", "blocks", "blocking"), "rejected"),
    **dict.fromkeys(("discard", "discarded", "refuse", "refused", "tarpit"), "rejected"),
    **dict.fromkeys(("accept", "accepted", "accepts", "acc"), "accepted"),
    **dict.fromkeys(("allow", "allowed", "allows", "pass", "passed"), "accepted"),
    **dict.fromkeys(("permit", "permitted", "permits"), "accepted"),
    **dict.fromkeys(("dnat", "redirect"), "accepted"),  # a port forward that was hit
}
_WORD = re.compile(r"[a-z]++")


@lru_cache(maxsize=4096)
def first(prefix: str) -> tuple[Kind, str] | None:
    """Return what the first verdict of `prefix` means, and its word in lower case."""
    for word in _WORD.findall(prefix.lower()):
        if kind := _KINDS.get(word):
            return kind, word
    return None
