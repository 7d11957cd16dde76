"""AdGuard Home's query log (`querylog.json`): one JSON object a line, question and answer together.

    {"T":"2026-11-10T14:55:01.1Z","QH":"www.example.com","QT":"A","QC":"IN","CP":"","Answer":"gQ…",
    "IP":"192.0.2.33","Result":{},"Elapsed":1234}

The answer is a DNS message in base64. The event has room for one address: the first A or AAAA.
`hostname` is the name asked for, `source_ip` the device that asked, as in dnsmasq's lines. A name
that a filter blocked has the action `blocked` and no address. Sources: AdGuardHome's
internal/querylog/encode.go (logEntry), RFC 1035 section 4.
"""

import binascii

import msgspec

from exporter.dialects import Dialect, Malformed, fields
from exporter.events import Event, SyslogMessage

_MAX_ANSWER = 8192  # base64 characters
_MAX_RECORDS = 64
_ADDRESS_LENGTHS = {1: 4, 28: 16}  # A, AAAA
_NOWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - what a blocked name is answered with


class _Result(msgspec.Struct):
    IsFiltered: bool = False


class _Entry(msgspec.Struct):
    QH: str = ""
    IP: str = ""
    Answer: str | None = None
    Result: _Result | None = None


_DECODER = msgspec.json.Decoder(_Entry)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line has the question's name and type, as AdGuard Home spells them."""
    return '"QH":"' in message.text and '"QT":"' in message.text


def parse(message: SyslogMessage) -> Event:
    """Read who asked for what, and the first address of the answer.

    Raises Malformed when the line is no JSON object of that shape.
    """
    start = message.text.find("{")
    try:
        entry = _DECODER.decode(message.text[max(start, 0) :])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(f"no query log entry: {error}") from error
    filtered = entry.Result is not None and entry.Result.IsFiltered
    return Event(
        kind="dns",
        action="blocked" if filtered else None,
        source_ip=fields.address(entry.IP),
        ip=None if filtered else _first_address(entry.Answer or ""),
        hostname=entry.QH[:255] or None,
    )


def _first_address(answer: str) -> str | None:
    """Read the first A or AAAA record of a DNS message in base64; None when there is none."""
    if not 16 <= len(answer) <= _MAX_ANSWER:
        return None
    try:
        message = binascii.a2b_base64(answer)
    except ValueError:
        return None
    number = int.from_bytes(message[6:8], "big")
    at = 12
    for _ in range(int.from_bytes(message[4:6], "big") if len(message) > 12 else 0):
        at = _after_name(message, at) + 4
    for _ in range(min(number, _MAX_RECORDS)):
        at = _after_name(message, at)
        if at + 10 > len(message):
            return None
        record = int.from_bytes(message[at : at + 2], "big")
        length = int.from_bytes(message[at + 8 : at + 10], "big")
        data = message[at + 10 : at + 10 + length]
        at += 10 + length
        if len(data) == _ADDRESS_LENGTHS.get(record):
            ip = _text(data)
            return None if ip in _NOWHERE else ip
    return None


def _after_name(message: bytes, at: int) -> int:
    """Return where a name ends: at its empty label, or behind a pointer to another name."""
    while at < len(message):
        length = message[at]
        if length >= 0xC0:
            return at + 2
        at += 1 + length
        if length == 0:
            break
    return at


def _text(data: bytes) -> str | None:
    if len(data) == 4:
        return fields.address(".".join(map(str, data)))
    return fields.address(data.hex(":", 2))


DIALECT = Dialect(
    "adguard",
    "AdGuard Home (query log)",
    claims,
    parse,
    examples=(
        (
            '{"T":"2026-11-10T14:55:01Z","QH":"www.example.com","QT":"A","QC":"IN","CP":"",'
            '"IP":"192.168.1.33","Result":{},"Elapsed":1234567}'
        ),
    ),
)
