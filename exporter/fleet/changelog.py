"""A shard's state as records of a compacted topic: one for each counter, and each site's parts.

Kafka keeps the newest record of each key; one without a value removes its key. Keys and values are
MessagePack. The position is one of them: the offset up to which all the others are counted, written
in the same transaction.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from exporter.metrics.series import Series

VERSION = 1
Key = tuple[str, tuple[str, ...]]  # metric, label values
Row = tuple[bytes, bytes | None]  # key and value of a record
_encode = msgspec.msgpack.Encoder().encode
_position = msgspec.msgpack.Decoder(tuple[int, int])
_labels = msgspec.msgpack.Decoder(tuple[str, str, str, tuple[str, ...]])
_part = msgspec.msgpack.Decoder(tuple[str, str, str])
_values = msgspec.msgpack.Decoder(tuple[float, float, float])
_kind = msgspec.msgpack.Decoder(list[msgspec.Raw])


class ChangelogError(ValueError):
    """The changelog cannot be read; the text says why."""


class Stored(msgspec.Struct):
    """What a changelog comes to."""

    position: int | None = None  # the offset of the next record to be counted; None: nothing was
    series: dict[str, dict[Key, Series]] = {}  # by the name under which a site is counted
    parts: dict[str, dict[str, bytes]] = {}  # by site, and by name


def position(offset: int) -> Row:
    """The record that says up to where all is counted."""
    return _POSITION, _encode((VERSION, offset))


def series(label: str, key: Key, values: tuple[float, float, float] | None) -> Row:
    """The record of a counter: its value, since when it counts, when it last did; None removes."""
    return _encode(("series", label, *key)), None if values is None else _encode(values)


def part(site: str, name: str, data: bytes | None) -> Row:
    """The record of what else is remembered of a site; None removes it."""
    return _encode(("part", site, name)), data


def read(rows: Iterable[tuple[bytes, bytes | None]]) -> Stored:
    """Read records in their order. Raises ChangelogError for what another version wrote."""
    newest: dict[bytes, bytes] = {}
    for key, value in rows:
        if value is None:
            newest.pop(key, None)
        else:
            newest[key] = value
    stored = Stored()
    for key, value in newest.items():
        try:
            _take(stored, key, value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ChangelogError(f"holds a record that is none of ours ({error})") from error
    return stored


def _take(stored: Stored, key: bytes, value: bytes) -> None:
    kind: Any = msgspec.msgpack.decode(_kind.decode(key)[0])
    if kind == "position":
        version, stored.position = _position.decode(value)
        if version > VERSION:
            raise ChangelogError(f"is of a newer version ({version}, this one knows {VERSION})")
    elif kind == "series":
        _, label, metric, labels = _labels.decode(key)
        number, created, used = _values.decode(value)
        of_label = stored.series.setdefault(label, {})
        of_label[metric, labels] = Series(number, created, used, saved=number)
    elif kind == "part":
        _, site, name = _part.decode(key)
        stored.parts.setdefault(site, {})[name] = value


_POSITION = _encode(("position",))
