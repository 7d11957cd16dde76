"""What a test needs of the machine; where it is missing the test skips and names it."""

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.system.parts import axe
from tests.system.parts.kafka_node import jars
from tests.system.parts.kernel import can_limit_memory, has_failing_disks
from tests.system.parts.process import found
from tests.system.parts.prometheus import UNPACKED, binary, parts

# Debian's Alertmanager opens its own templates at a fixed place.
ALERTMANAGER_TEMPLATES = Path("/usr/share/prometheus/alertmanager/default.tmpl")


def needs(*parts: str) -> pytest.MarkDecorator:
    """Skip unless every part is here: a program's name, or `namespaces`."""
    missing = [part for part in parts if not here(part)]
    reason = f"not on this machine: {', '.join(missing)} (as root on Debian, make test installs it)"
    return pytest.mark.skipif(bool(missing), reason=reason)


@cache
def here(part: str) -> bool:
    """Tell whether the machine has that part."""
    if part == "namespaces":
        return os.geteuid() == 0 and all(map(here, ("ip", "nft", "sysctl"))) and can_unshare()
    if part == "alertmanager" and not ALERTMANAGER_TEMPLATES.exists():
        return False
    if part in UNPACKED:
        return binary(part) is not None
    if part == "axe-core":  # the rules of accessibility
        return axe.script() is not None
    if part == "faketime":  # a library that answers for the system's clock
        return any(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if part == "failing disks":
        return has_failing_disks() and here("mkfs.ext4")
    if part == "memory limits":
        return can_limit_memory()
    if part == "kafka":
        return jars() is not None and here("java")
    if part == "trixie":  # the Debian 13 that the images of the tests are made of
        return (parts() / part).is_dir()
    return found(part) is not None


def can_unshare() -> bool:
    """Tell whether this root may make network namespaces; that of a container often may not."""
    done = subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True)
    return done.returncode == 0
