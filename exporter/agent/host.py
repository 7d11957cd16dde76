"""Which host this is: its name, a stable identity, its system and its clock."""

import contextlib
import hashlib
import hmac
import platform
import socket
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_MACHINE_ID_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_PURPOSE = b"knockwatch agent"


def device_name() -> str:
    """Return the first label of the host name, case kept."""
    return socket.gethostname().partition(".")[0]


def machine_id(files: tuple[Path, ...] = _MACHINE_ID_FILES) -> str | None:
    """Return an identity that outlives renames, or None where the system keeps none.

    The system's own is a secret (machine-id(5)), so only a hash made for this purpose leaves.
    """
    for secret in (*map(_read, files), _machine_guid()):
        if secret:
            return hmac.new(secret, _PURPOSE, hashlib.sha256).hexdigest()[:32]
    return None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes().strip()
    except OSError:
        return b""


def _machine_guid() -> bytes:
    """What Windows has in place of /etc/machine-id; the script for Windows takes the same."""
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415 - Windows only

        with (
            contextlib.suppress(OSError),
            winreg.OpenKey(
                winreg.HKEY_LOCAL_MACHINE,
                r"SOFTWARE\Microsoft\Cryptography",
                access=winreg.KEY_READ | winreg.KEY_WOW64_64KEY,
            ) as key,
        ):
            return str(winreg.QueryValueEx(key, "MachineGuid")[0]).strip().encode()
    return b""


def system() -> str:
    """Return the operating system and its release."""
    return f"{platform.system()} {platform.release()}".strip()


def agent() -> str:
    """Return the name and version of this program: the report's `agent`, and the User-Agent."""
    try:
        return f"knockwatch-agent/{version('knockwatch')}"
    except PackageNotFoundError:  # run from a checkout
        return "knockwatch-agent/0"


def uptime() -> float:
    """Return seconds since boot, time asleep included.

    Plain monotonic clocks may stop while a laptop sleeps; a report kept over night would then
    pass for a fresh one.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", None)  # Linux; elsewhere monotonic() does not stop
    return time.monotonic() if clock is None else time.clock_gettime(clock)
