"""Devices under names that only who has the key can tell.

A site and a device's name go in, `device-` and some digits come out, the same each time. Without a
key devices are shown under their own names.
"""

import hmac

from exporter.metrics.budget import OTHER

MAX_KNOWN = 100_000
_DIGITS = 12  # hexadecimal: among 100,000 devices two have the same 1 time in 50,000


class Pseudonyms:
    """The names of devices as they are shown."""

    def __init__(self, key: bytes = b"") -> None:
        self._key = key
        self._known: dict[tuple[str, str], str] = {}

    def of(self, site: str, device: str) -> str:
        """Return the name under which a site's device is shown; names are compared without case."""
        if not self._key or device in ("", OTHER):
            return device
        place = (site, device.casefold())
        if place not in self._known:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            name = site.encode()
            text = len(name).to_bytes(4) + name + place[1].encode("utf-8", "surrogatepass")
            self._known[place] = f"device-{hmac.digest(self._key, text, 'sha256').hex()[:_DIGITS]}"
        return self._known[place]
