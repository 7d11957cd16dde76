"""The words with which people name a rule's verdict in a prefix that they choose.

    drop-in   FW_FWD_DROP   pca-accept   BLOCKED:   DropInvalid   INPUTDROP    a verdict
    FW_INPUT_NEW   [IDS-L7-EXFIL]   backdrop   AirDrop                         none

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
_NAMES = re.compile(r"(?:air ?drop|drop ?(?:box|bear))", re.IGNORECASE)  # of what may be allowed
_WORD = re.compile(r"[A-Z]++(?![a-z])|[A-Z]?[a-z]++")
_CHAIN = re.compile(r"(?:input|output|forward|log|ip6?tables|fw)(?=[a-z])")


@lru_cache(maxsize=4096)
def first(prefix: str) -> tuple[Kind, str] | None:
    """Return what the first verdict of `prefix` means, and its word in lower case."""
    for word in words(prefix):
        verdict = word if word in _KINDS else _CHAIN.sub("", word, count=1)
        if kind := _KINDS.get(verdict):
            return kind, verdict
    return None


def words(text: str) -> list[str]:
    """Return the words of a text in lower case; a capital inside a word begins another."""
    return [word.lower() for word in _WORD.findall(_NAMES.sub(" ", text))]
