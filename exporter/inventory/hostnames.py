"""What the name and the hardware address (MAC) of a station are worth: which tell devices apart.

In go names as DHCP clients and the LAN's resolver write them, out comes whether they name one
device, all of a kind, or an address.
"""

import re

from exporter.addresses import packed
from exporter.lookalikes import is_clear

MAX_NAME = 64  # characters; stations name themselves as they like

# What makers call every piece of a kind, perhaps with a number of the model behind.
_MODELS = re.compile(
    r"(?:i?phone|ipad|ipod|i?mac|macbook|apple-?watch|watch|galaxy|pixel|redmi|xiaomi|huawei|oneplus"
    r"|oppo|vivo|android|android_?tv|bravia|chromecast|amazon|echo|kindle|roku|esp|espressif"
    r"|tasmota|shelly|wled|raspberrypi|nintendo|switch|xbox|playstation|ps)"
    r"(?:\d{1,4}[a-z]?)?(?:[ _-](?:air|pro|max|mini|plus|ultra|lite|note|fold|tab|se|one|tv|device"
    r"|[a-z]?\d{1,4}[a-z]?|[a-z]))*+",
    re.IGNORECASE,
)
_ANYBODY = frozenset(
    (
        *("localhost", "unknown", "none", "null", "default", "dhcp", "client", "host", "hostname"),
        *("computer", "desktop", "laptop", "notebook", "pc", "phone", "tablet", "tv", "printer"),
        *("camera", "guest", "user", "home", "lan", "linux", "debian", "ubuntu", "openwrt", "lwip"),
        *("gateway", "router", "wlan0", "eth0", "udhcp", "busybox", "test", "android", "windows"),
    )
)
_NUMBER = re.compile(r"\d+")
_LENT = frozenset(("", "client", "dhcp", "host", "ip", "unknown"))  # words before a made-up number


def first_label(text: str) -> str:
    """Return the first label of a host name; "" when it cannot be shown."""
    label = text.partition(".")[0][:MAX_NAME].strip()
    return label if is_clear(label) else ""


def is_of_a_kind(name: str) -> bool:
    """Tell whether a name is one that several devices of a home may well have from their makers."""
    return name.casefold() in _ANYBODY or _MODELS.fullmatch(name) is not None


def is_of_address(name: str, ip: str) -> bool:
    """Tell whether a name is made of its address, as `192-168-1-5`, `host-5` or `dhcp-c0a80105`."""
    octets, plain = packed(ip), name.casefold()
    if octets.hex() in re.sub(r"[^0-9a-z]", "", plain) or ip.replace(":", "-") in plain:
        return True
    numbers = _NUMBER.findall(name)
    if len(octets) == 4 and numbers:
        written = [int(number[:4]) for number in numbers]
        if len(written) > 1 and written == list(octets[-len(written) :]):
            return True
    word = _NUMBER.sub("", plain).strip("-_ ")
    if len(octets) == 4 and word in _ANYBODY and numbers == [str(octets[-1])]:
        return True
    return word in _LENT


def is_station(text: str) -> bool:
    """Tell whether a text is a hardware address (MAC)."""
    return len(text) == 17 and text.count(":") == 5


def is_random(station: str) -> bool:
    """Tell whether a hardware address is one that its device made up, and may change any day."""
    return station[1:2].casefold() in ("2", "6", "a", "e")


def apart(name: str, station: str) -> str:
    """Return a name for one of several stations that call themselves the same."""
    return f"{name} ({station[-8:]})"
