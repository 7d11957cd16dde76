"""Prometheus' own storage, filled from outside: blocks by promtool, series by remote write."""

import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.system.parts import web
from tests.system.parts.history import Series
from tests.system.parts.prometheus import binary
from tests.system.parts.shown import Key

BATCH = 20_000  # samples of one request


def write_blocks(series: Iterable[Series], folder: Path, storage: Path) -> None:
    """Write the past as OpenMetrics and let promtool make blocks of it."""
    text = folder / f"{storage.name}.om"
    with text.open("w") as file:
        file.writelines(openmetrics(series))
    argv = [str(binary("promtool")), "tsdb", "create-blocks-from", "openmetrics"]
    argv += ["--max-block-duration=256h", "--quiet", str(text), str(storage)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"promtool: {done.stderr[-2000:]}")
    text.unlink()


def openmetrics(series: Iterable[Series]) -> Iterator[str]:
    """The lines, family by family."""
    families = defaultdict(list)
    for one in series:
        families[one.key[0]].append(one)
    for name, members in families.items():
        if name.endswith("_total"):
            yield f"# TYPE {name.removesuffix('_total')} counter\n"
        else:
            yield f"# TYPE {name} gauge\n"
        for one in members:
            prefix = written(one.key)
            for when, value in one.samples:
                yield f"{prefix} {value:.17g} {when}\n"
    yield "# EOF\n"


def written(key: Key) -> str:
    """A series as PromQL and the exposition write it."""
    name, labels = key
    return f"{name}{{{','.join(f'{label}={quoted(value)}' for label, value in labels)}}}"


def quoted(text: str) -> str:
    """A label's value in quotes."""
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'


def remote_write(url: str, series: Iterable[Series]) -> None:
    """Add samples to a running Prometheus, older ones than it has too."""
    batch, size = [], 0
    for one in series:
        batch.append(time_series(one))
        size += len(one.samples)
        if size >= BATCH:
            send(url, b"".join(batch))
            batch, size = [], 0
    if batch:
        send(url, b"".join(batch))


def send(url: str, message: bytes) -> None:
    """Post one WriteRequest."""
    answer = web.post(f"{url}/api/v1/write", snappy(message), kind="application/x-protobuf")
    if answer.status >= 300:
        raise RuntimeError(f"remote write: {answer.status} {answer.text}")


def time_series(one: Series) -> bytes:
    """The field of prompb.WriteRequest that holds one series."""
    name, labels = one.key
    pairs = sorted((("__name__", name), *labels))
    body = b"".join(field(1, field(1, k.encode()) + field(2, v.encode())) for k, v in pairs)
    samples = b"".join(
        field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(round(when * 1000)))
        for when, value in one.samples
    )
    return field(1, body + samples)


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field of protobuf."""
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """A number as protobuf and snappy write it."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def snappy(data: bytes) -> bytes:
    """The block format, all of it literal: receivers insist on the wrapping, not on compression."""
    out = [varint(len(data))]
    for start in range(0, len(data), 65536):
        piece = data[start : start + 65536]
        out.append(b"\xf4" + struct.pack("<H", len(piece) - 1) + piece)
    return b"".join(out)
