"""What a packet is to its connection: TCP's flags, and ICMP's type, as dialects print them.

Text goes in; out comes what `Event.signal` holds, or None for text that is neither. TCP's flags are
letters in the order of "SFRAPU": whether a packet opens, answers, ends or continues.
"""

from functools import lru_cache

_FLAGS = {"SYN": "S", "FIN": "F", "RST": "R", "ACK": "A", "PSH": "P", "URG": "U"}
# Congestion control says nothing about the connection; tcpdump prints a dot for ACK.
_NAMES = {**_FLAGS, "ECE": "", "CWR": ""}
_LETTERS = {**{flag: flag for flag in _FLAGS.values()}, "E": "", "C": "", "W": "", ".": "A"}
_ICMP = {  # in the words of filterlog and of Yamaha: ICMP's number, and ICMPv6's
    **dict.fromkeys(("request", "echo request"), ("8", "128")),
    **dict.fromkeys(("reply", "echo reply"), ("0", "129")),
    **dict.fromkeys(("timexceed", "time exceeded"), ("11", "3")),
    "destination unreachable": ("3", "1"),
}


@lru_cache(maxsize=256)
def flags(text: str) -> str | None:
    """Return TCP's flags: `SYN ACK`, `SYN,ACK`, `SA` and `S.` are all "SA"."""
    words = text.upper().replace(",", " ").split()
    letters = words[0] if len(words) == 1 and words[0] not in _NAMES else ""
    known, said = (_LETTERS, tuple(letters)) if letters else (_NAMES, tuple(words))
    if not set(said) <= known.keys():
        return None
    found = {known[word] for word in said}
    return "".join(flag for flag in _FLAGS.values() if flag in found) or None


@lru_cache(maxsize=256)
def icmp_type(text: str, transport: str | None = "icmp") -> str | None:
    """Return ICMP's or ICMPv6's type as a number: `8`, `type 8, code 0`, `echo request`."""
    word = text.lower().removeprefix("type ").partition(",")[0].strip()
    if word.isascii() and word.isdecimal() and len(word) <= 3:
        return word
    if word.startswith("unreach"):
        word = "destination unreachable"
    old, new = _ICMP.get(word, (None, None))
    return new if transport == "icmpv6" else old
