"""The bytes of one message as text, whatever the router took for its character set.

UTF-8 is what RFC 5424 asks for and nearly everybody sends. Japanese routers send Shift_JIS or
EUC-JP, FRITZ!Box texts and old European firmware Latin-1, and none of them says so. Nothing fails:
what fits nowhere is read as UTF-8 with replacement characters. ASCII reads the same in all of them,
so that a wrong guess costs a name at the most.
"""

import re

_REPLACED = "\ufffd"
_PAIR = re.compile(rb"[\x80-\xff][\x80-\xff]")
_JAPANESE = re.compile("[\0-\x7f\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]++")


def decode(data: bytes) -> str:
    """Return the text of a message."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _guess(data)


def _guess(data: bytes) -> str:
    """Return the text that the bytes beyond ASCII make, in the first encoding that they fit."""
    damaged = data.decode("utf-8", "replace")
    if _beyond(damaged) > 2 * damaged.count(_REPLACED):
        return damaged  # UTF-8 that was cut, or has bytes of something else in it
    if _PAIR.search(data):  # letters of Latin-1 stand alone among ASCII, Japanese ones in a row
        for encoding in ("euc_jp", "cp932"):  # nearly no Shift_JIS fits EUC-JP; not so the reverse
            text = _japanese(data, encoding)
            if text is not None:
                return text
    elif not re.search(rb"[\x80-\x9f]", data):  # control characters in Latin-1
        return data.decode("latin-1")
    return damaged


def _japanese(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return text if _beyond(text) > 1 and _JAPANESE.fullmatch(text) else None


def _beyond(text: str) -> int:
    """Return how many characters are beyond ASCII."""
    return len(text) - len(text.encode("ascii", "ignore"))
