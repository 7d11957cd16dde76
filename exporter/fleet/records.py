"""What relays write to Kafka and workers read: lines of one sender, or a host's report.

The key of a record is its site, its value one of these in MessagePack, and its headers are `kind`,
`relay` and `signature` (see `relay_keys`). A field is only ever added at the end, with a default:
so that relays and workers need not be of the same version.
"""

from typing import Literal

import msgspec

MAX_SITE = 64  # characters of what becomes a label
MAX_SESSION = 64
MAX_REGION = 64
Kind = Literal["lines", "report"]


class RecordError(ValueError):
    """A record that no relay of ours wrote; the text says why."""

    reason = "bad_record"  # the label of `dropped_messages_total`


class Forged(RecordError):
    """A record that is not signed by whoever may write for its site."""

    reason = "forged"


class Lines(msgspec.Struct, frozen=True, gc=False, kw_only=True, array_like=True, tag="lines"):
    """Syslog messages of one sender, in the order in which they arrived."""

    session: str  # a run of a relay: from its start to its end
    sequence: int  # counts that run's records from 1, whatever their site; a repeated one is old
    region: str  # under which its site is counted; "" is the site itself
    received: float  # by the relay
    listener: str  # "udp", "tcp", "tls"
    sender: str  # the address from which they came
    messages: list[bytes]


class Report(msgspec.Struct, frozen=True, gc=False, kw_only=True, array_like=True, tag="report"):
    """A host's report, as it is sent over HTTP: see `wire`."""

    session: str
    sequence: int
    region: str
    received: float
    body: bytes  # JSON, which the relay has read and found good
    of_itself: bool = False  # who brought it may speak for its device alone: see `HostReport`


Record = Lines | Report
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Lines | Report)


def encode(record: Record) -> bytes:
    """Return the value of a Kafka record."""
    return _encoder.encode(record)


def decode(value: bytes | None) -> Record:
    """Read the value of a Kafka record, whoever wrote it. Raises RecordError."""
    if value is None:
        raise RecordError("has no value")
    try:
        record = _decoder.decode(value)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RecordError(f"is not one of a relay: {error}") from None
    if not 0 < len(record.session) <= MAX_SESSION or record.sequence < 1:
        raise RecordError("has no session or sequence")
    if not 0 <= record.received < 2**40:  # false for NaN, too
        raise RecordError(f"was received at no time: {record.received}")
    if record.region and not is_name(record.region, MAX_REGION):
        raise RecordError(f"has no printable region: {record.region[:MAX_REGION]!r}")
    return record


def site_of(key: bytes | None) -> str:
    """Read the key of a Kafka record. Raises RecordError."""
    try:
        site = (key or b"").decode()
    except UnicodeDecodeError:
        site = ""
    if not is_name(site, MAX_SITE):
        raise RecordError(f"has no site as its key: {(key or b'')[:MAX_SITE]!r}")
    return site


def is_name(text: str, most: int = MAX_SITE) -> bool:
    """Whether a text can name a site or a region: printable, no blanks around it, no `@`."""
    return 0 < len(text) <= most and text.isprintable() and text == text.strip() and "@" not in text
