"""Names of devices that look like others: what they look like, and whether all of them is seen.

A name is an accusation, and is read by people. `ANNA-PC` with a Cyrillic А, or with a character
behind it that has no width, is another name to a computer only. Pure.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Letters and marks that show nothing; what is no letter and shows nothing is not printable anyway.
_HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0000-\U000e0fff]"
)
_LOOKS = str.maketrans(
    dict(
        zip(
            "АВЕЅІЈКМНОРСТУХҮԌԚԜаеѕіјкорсухһԁԛԝүΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορυϳ‐‒–—―−",
            "ABESIJKMHOPCTYXYGQWaesijkopcyxhdqwyABEZHIKMNOPTYXaikvopuj------",
            strict=True,
        )
    )
)


def is_clear(name: str) -> bool:
    """Tell whether a name can be shown, with each of its characters seen."""
    return name.isprintable() and _HIDDEN.search(name) is None


@lru_cache(4096)
def look(name: str) -> str:
    """Return what a name looks like, without case: the same for those that look alike."""
    if name.isascii():
        return name.casefold()
    return unicodedata.normalize("NFKC", name).translate(_LOOKS).casefold()


def mimicked(name: str, others: Iterable[str]) -> str | None:
    """Return the one of others that a name only looks like; what is written plainly is no mimic."""
    looks = look(name)
    if looks == name.casefold():
        return None
    return next((o for o in others if look(o) == looks and o.casefold() != name.casefold()), None)
