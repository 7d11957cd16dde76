"""The base images of the stacks, under the names of the files, made here: no registry is asked.

    python:3.13-slim-trixie       a small Debian 13 with Python 3.13, and wheels instead of an index
    prom/prometheus:v3.5.3        busybox, Debian's prometheus and promtool
    prom/alertmanager:v0.33.1     busybox, Debian's alertmanager and amtool

and for a fleet besides

    victoriametrics/victoria-metrics:v1.145.0    busybox, Debian's victoria-metrics
    apache/kafka:4.4.0            Debian 13, this machine's Java, Kafka with its own program that
                                  turns an image's environment into settings

The programs are of the versions that the tags promise, which `install.sh` sees to. `/bin/sh` is
busybox as in the real images, and like them they run as nobody. What comes from the network is kept
beside the other parts.
"""

import hashlib
import io
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.system.parts.kafka_node import jars
from tests.system.parts.knockwatch import ROOT
from tests.system.parts.lab import run
from tests.system.parts.prometheus import binary, parts

LOCKS = tuple(ROOT / "deploy" / "exporter" / name for name in ("locked.txt", "locked-build.txt"))
GLIBC = ("2_34", "2_28", "2_17", "2_12")  # whose wheels run on Debian 13

# What of Debian 13 its programs need to run.
SHARED = ("etc/ssl", "usr/share/ca-certificates", "usr/share/zoneinfo", "etc/nsswitch.conf")
LIBRARIES = (
    *("lib64/ld-*", "lib/ld-*", "lib/*-linux-gnu/ld-*"),
    *("lib/*-linux-gnu/libc.so.6", "lib/*-linux-gnu/libzstd.so.1*"),
)
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\nnobody:x:65534:\n",
}

# What Kafka's image does at its start: its program turns the environment into settings and formats
# an empty volume, then the broker takes the place of the shell. Where things are, and whose they
# are, is as in its Dockerfile.
KAFKA_USER = 1000
KAFKA_SETTINGS = ("server.properties", "log4j2.yaml", "tools-log4j2.yaml")  # all empty here
KAFKA_RUN = """\
#!/bin/bash
[[ -w /opt/kafka/config ]] || exit 1
setup=$(java -cp '/opt/kafka/libs/*' kafka.docker.KafkaDockerWrapper setup \\
    --default-configs-dir /etc/kafka/docker --mounted-configs-dir /mnt/shared/config \\
    --final-configs-dir /opt/kafka/config 2>&1) ||
    grep -i 'already formatted' <<<"$setup" || { echo "$setup"; exit 1; }
exec java $KAFKA_HEAP_OPTS -cp '/opt/kafka/libs/*' kafka.Kafka /opt/kafka/config/server.properties
"""


class Image(NamedTuple):
    """An image to be imported."""

    name: str
    fill: Callable[[tarfile.TarFile], None]  # packs its files
    settings: tuple[str, ...]  # as in a Dockerfile


def write(image: Image, file: Path) -> None:
    """Write the image's files as one archive."""
    with tarfile.open(file, "w") as tar:
        image.fill(tar)


def trixie() -> Path:
    """Return the folder that holds Debian 13; `install.sh` makes it."""
    return parts() / "trixie"


def wheels() -> Path:
    """Return a folder with every wheel that the Dockerfile installs; download what is missing."""
    locked = "".join(lock.read_text() for lock in LOCKS)
    folder = parts() / f"wheels-{hashlib.sha256(locked.encode()).hexdigest()[:16]}"
    if not folder.exists():
        unfinished = folder.with_suffix(".new")
        download(unfinished, platform.machine())
        unfinished.rename(folder)
    return folder


def download(folder: Path, machine: str) -> None:
    """Put the wheels of the image's Python for that kind of processor into a folder.

    Raises RuntimeError naming what has none, or another hash.
    """
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    argv += ["--only-binary", ":all:", "--python-version", "3.13", "--implementation", "cp"]
    argv += [f"--platform=manylinux_{version}_{machine}" for version in GLIBC]
    argv += ["--dest", str(folder), "--no-deps", "--require-hashes"]
    for lock in LOCKS:
        argv += ["--requirement", str(lock)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"wheels for {machine}: {done.stderr.strip()}")


def python_files(tar: tarfile.TarFile) -> None:
    """Pack Debian 13, its Python where the official image has one, and the wheels."""
    tar.add(trixie(), arcname=".", filter=lambda entry: None if entry.isdev() else entry)
    link(tar, "usr/local/bin/python", "/usr/bin/python3")
    tar.add(wheels(), arcname="wheels")


def prometheus_files(tar: tarfile.TarFile) -> None:
    """Pack what the image of Prometheus holds."""
    busybox_files(tar, "prometheus", ("prometheus", "promtool"))


def alertmanager_files(tar: tarfile.TarFile) -> None:
    """Pack what the image of Alertmanager holds."""
    busybox_files(tar, "alertmanager", ("alertmanager", "amtool"))


def victoria_metrics_files(tar: tarfile.TarFile) -> None:
    """Pack what the image of VictoriaMetrics holds."""
    busybox_files(tar, "storage", ("victoria-metrics",))


def kafka_files(tar: tarfile.TarFile) -> None:
    """Pack what the image of Kafka holds."""
    tar.add(trixie(), arcname=".", filter=lambda entry: None if entry.isdev() else entry)
    java = Path(shutil.which("java") or "java").resolve().parents[1]
    settings = (java / "lib" / "jvm.cfg").resolve().parent  # Debian keeps them below /etc
    for place in {java / "bin", java / "conf", java / "lib", settings}:
        tar.add(place, arcname=str(place))
    link(tar, "usr/local/bin/java", str(java / "bin/java"))
    for name in ("opt/kafka/config", "opt/kafka/logs", "mnt/shared/config", "var/lib/kafka/data"):
        folder(tar, name, mode=0o755, owner=KAFKA_USER)
    for jar in sorted((jars() or Path()).glob("*.jar")):
        tar.add(jar, arcname=f"opt/kafka/libs/{jar.name}")
    for name in KAFKA_SETTINGS:
        text(tar, f"etc/kafka/docker/{name}", "")
    text(tar, "etc/kafka/docker/run", KAFKA_RUN, mode=0o755)


def busybox_files(tar: tarfile.TarFile, home: str, programs: Sequence[str]) -> None:
    """Pack busybox, the programs with what they need, and a home that belongs to nobody."""
    usr = trixie() / "usr"
    folder(tar, "tmp", mode=0o1777)
    folder(tar, home, mode=0o755, owner=65534)
    link(tar, "lib", "usr/lib")
    link(tar, "lib64", "usr/lib64")
    for library in (found for pattern in LIBRARIES for found in usr.glob(pattern)):
        tar.add(library, arcname=f"usr/{library.relative_to(usr)}")
    for shared in SHARED:
        tar.add(trixie() / shared, arcname=shared)
    # Debian keeps in files what the programs of the real images carry inside.
    tar.add(parts() / "sid/usr/share/prometheus", arcname="usr/share/prometheus")
    for name, content in ACCOUNTS.items():
        text(tar, name, content)
    busybox = usr / "bin/busybox"
    tar.add(busybox, arcname="bin/busybox")
    for applet in set(run(str(busybox), "--list").split()) - {"busybox"}:
        link(tar, f"bin/{applet}", "busybox")
    for program in programs:
        tar.add(binary(program) or program, arcname=f"bin/{program}")


def link(tar: tarfile.TarFile, name: str, target: str) -> None:
    """Pack a symbolic link."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def folder(tar: tarfile.TarFile, name: str, *, mode: int, owner: int = 0) -> None:
    """Pack an empty folder."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, owner, owner
    tar.addfile(entry)


def text(tar: tarfile.TarFile, name: str, content: str, *, mode: int = 0o644) -> None:
    """Pack a text file."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content.encode()), mode
    tar.addfile(entry, io.BytesIO(content.encode()))


HOME = (
    Image(
        "python:3.13-slim-trixie",
        python_files,
        (
            "ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels",
        ),
    ),
    Image(
        "prom/prometheus:v3.5.3",
        prometheus_files,
        ("USER 65534:65534", "WORKDIR /prometheus", 'ENTRYPOINT ["/bin/prometheus"]'),
    ),
    Image(
        "prom/alertmanager:v0.33.1",
        alertmanager_files,
        ("USER 65534:65534", "WORKDIR /alertmanager", 'ENTRYPOINT ["/bin/alertmanager"]'),
    ),
)
FLEET = (
    *HOME,
    Image(
        "victoriametrics/victoria-metrics:v1.145.0",
        victoria_metrics_files,
        ('ENTRYPOINT ["/bin/victoria-metrics"]',),
    ),
    Image(
        "apache/kafka:4.4.0",
        kafka_files,
        (
            "ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "ENV CLUSTER_ID=5L6g3nShT-eMCtK--X86sw",
            f"USER {KAFKA_USER}",
            "VOLUME /mnt/shared/config /var/lib/kafka/data",
            'CMD ["/etc/kafka/docker/run"]',
        ),
    ),
)
