"""Bytes of a pasted or redirected listing -> its lines.

Windows writes a redirected listing in the console's code page (cp932 in Japan), PowerShell 5 in
UTF-16 with a byte order mark, editors in UTF-8 with one. Decoding never fails: rows are ASCII, so
a wrong guess costs a program's name at the most, and a refusal to read would cost everything.
"""

import codecs
from collections.abc import Iterable, Iterator

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


# Consoles of Windows by language; which one a text is in does not matter where rows are read.
_CONSOLES = ("cp437", "cp850", "cp852", "cp857", "cp866", "cp936", "cp949", "cp950")
_MAX_SENTENCE = 64 * 1024  # bytes in which a sentence is looked for; a refusal is a line or two


def says(data: bytes | str, phrases: Iterable[str]) -> bool:
    """Tell whether one of the phrases (lower case) stands in the text, in whatever code page.

    Only the beginning is looked at.
    """
    wanted = tuple(phrases)
    return any(phrase in text.lower() for text in _readings(data) for phrase in wanted)


def _readings(data: bytes | str) -> Iterator[str]:
    if isinstance(data, str):
        yield data[:_MAX_SENTENCE]
        return
    yield _decoded(data[:_MAX_SENTENCE])
    for encoding in _CONSOLES:
        yield data[:_MAX_SENTENCE].decode(encoding, "replace")


def lines(data: bytes | str) -> list[str]:
    """Return the lines of the text: at line feeds, carriage returns and NULs, and nowhere else."""
    text = data if isinstance(data, str) else _decoded(data)
    for ending in ("\r\n", "\r", "\0"):
        text = text.replace(ending, "\n")
    return text.replace("\ufeff", "").split("\n")  # files put together have a mark in the middle


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    wide = _unmarked_utf16(data)
    if wide is not None:
        return data.decode(wide, "replace")
    for encoding in ("utf-8", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", "replace")


def _unmarked_utf16(data: bytes) -> str | None:
    # ASCII has its NULs in every second place; those that end the fields of `lsof -F0` have not.
    first, second = data[0::2].count(0), data[1::2].count(0)
    few, many = sorted((first, second))
    if many * 5 < len(data) or many <= 4 * few:
        return None
    return "utf-16-le" if many == second else "utf-16-be"
