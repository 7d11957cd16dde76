"""Write the smallest MMDB file that a reader accepts (MaxMind DB format 2.0, 32-bit records)."""

import ipaddress
from typing import Any


class Short(int):
    """A number that the format wants in 16 bits; others get 32, or 64 where they need them."""


def write(networks, database_type="ASN", ip_version=6):
    """Return a database that maps prefixes to records of strings, numbers and maps."""
    nodes: list[list[Any]] = [[None, None]]
    data, offsets = b"", {}
    for prefix, record in networks.items():
        offsets[prefix] = len(data)
        data += _encode(record)
        network = ipaddress.ip_network(prefix)
        bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
        if ip_version == 6 and network.version == 4:
            bits = "0" * 96 + bits
        _insert(nodes, bits, prefix)
    count = len(nodes)
    tree = b""
    for node in nodes:
        for child in node:
            if isinstance(child, str):
                child = count + 16 + offsets[child]
            tree += (count if child is None else child).to_bytes(4, "big")
    metadata = {
        "node_count": count,
        "record_size": Short(32),
        "ip_version": Short(ip_version),
        "database_type": database_type,
        "binary_format_major_version": Short(2),
        "binary_format_minor_version": Short(0),
        "build_epoch": 1 << 32,
        "languages": [],
        "description": {},
    }
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _encode(metadata)


def _insert(nodes, bits, leaf):
    at = 0
    for bit in bits[:-1]:
        if nodes[at][int(bit)] is None:
            nodes.append([None, None])
            nodes[at][int(bit)] = len(nodes) - 1
        at = nodes[at][int(bit)]
    nodes[at][int(bits[-1])] = leaf


def _encode(value):
    match value:
        case dict():
            pairs = b"".join(_encode(key) + _encode(entry) for key, entry in value.items())
            return bytes([7 << 5 | len(value)]) + pairs
        case list():
            return bytes([len(value), 11 - 7]) + b"".join(map(_encode, value))
        case str():
            text = value.encode()
            short = (
                bytes([2 << 5 | len(text)]) if len(text) < 29 else b"\x5d" + bytes([len(text) - 29])
            )
            return short + text
        case Short():
            return b"\xa2" + value.to_bytes(2, "big")
        case int() if value < 1 << 32:
            return b"\xc4" + value.to_bytes(4, "big")
        case int():
            return b"\x08\x02" + value.to_bytes(8, "big")
    raise TypeError(value)
