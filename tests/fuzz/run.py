"""Fuzz for a time and tell what was found: `python -m tests.fuzz.run [TARGET …] --seconds N`.

Each target runs in a process of its own (`child`), all at once, from the corpus and what earlier
runs kept. A finding is printed with its input as base64, and makes the exit status 1. With `--keep`
what the run added is made small and stored; only where nothing was found, since an input that
breaks a promise belongs into `regressions.txt`.
"""

import argparse
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.fuzz import findings, kept
from tests.golden import ROOT

TARGETS = ("header", "framing", "dialects")
MAX_INPUT = {"header": 1024, "framing": 400, "dialects": 4096}
# In this zone some hours come twice, and some not at all.
ENVIRONMENT = os.environ | {"TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}
_DONE = re.compile(r"^Done (\d+) runs in (\d+) second", re.MULTILINE)
_COVERAGE = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")


class Run(NamedTuple):
    """One target's process and its folders."""

    target: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """What the process has said so far."""
        return (self.folder / "log").read_text("utf-8", "replace")


def main() -> int:
    """Run the targets that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description="Fuzz what strangers send.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--folder", type=Path, help="keep corpus, findings and log there")
    parser.add_argument("--keep", action="store_true", help="store what was added, made small")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    with TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        runs = [
            start(target, (folder / target).absolute(), options.seconds, options.seed)
            for target in options.targets or TARGETS
        ]
        failed = [run.target for run in runs if not told(run)]
        for run in runs:
            if options.keep and run.target not in failed:
                keep(run)
    return 1 if failed else 0


def start(target: str, folder: Path, seconds: int, seed: int) -> Run:
    """Unpack what a target begins with, and start its process."""
    for name in ("corpus", "findings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    unpack(folder / "corpus", [*kept.seeds(target), *kept.kept(target)])
    arguments = [f"-max_total_time={seconds}", f"-seed={seed}", str(folder / "corpus")]
    with (folder / "log").open("wb") as log:
        argv = command(target, folder, arguments)
        process = subprocess.Popen(argv, cwd=ROOT, env=ENVIRONMENT, stderr=log)
    return Run(target, folder, process)


def command(target: str, folder: Path, arguments: Iterable[str]) -> list[str]:
    """Return the command line of a target's process; `arguments` are libFuzzer's."""
    found = folder / "findings"
    limits = [f"-max_len={MAX_INPUT[target]}", "-timeout=30", "-rss_limit_mb=1500"]
    fuzzer = [*limits, f"-artifact_prefix={found}/", *arguments]
    return [sys.executable, "-m", "tests.fuzz.child", target, str(found), *fuzzer]


def told(run: Run) -> bool:
    """Wait for a target and print what became of it; tell whether it is as it should be."""
    status = run.process.wait()
    done, coverage = _DONE.search(run.log), _COVERAGE.findall(run.log)
    inputs, seconds = done.groups() if done else ("?", "?")
    first, last = (coverage[0], coverage[-1]) if coverage else (("?",) * 3, ("?",) * 3)
    print(
        f"{run.target}: {inputs} inputs in {seconds} s, branches {first[0]} to {last[0]}, "
        f"features {first[1]} to {last[1]}, corpus {first[2]} to {last[2]}"
    )
    found = findings.read(run.folder / "findings")
    for finding in found:
        print(f"{finding.why}\n{run.target} {b64encode(finding.data).decode()}")
    if done is None or status:
        print(f"{run.target}: ended with status {status}\n{run.log[-3000:]}")
    return bool(done) and status == 0 and not found


def keep(run: Run) -> None:
    """Store the inputs that reach more than the seeds do, as few as libFuzzer needs."""
    small = run.folder / "small"
    small.mkdir(exist_ok=True)
    seeds = unpack(small, kept.seeds(run.target))
    arguments = ["-merge=1", str(small), str(run.folder / "corpus")]
    with (run.folder / "log").open("ab") as log:
        argv = command(run.target, run.folder, arguments)
        done = subprocess.run(argv, cwd=ROOT, env=ENVIRONMENT, stderr=log, check=False)
    if done.returncode:
        raise SystemExit(f"{run.target}: merging ended with status {done.returncode}")
    added = [path.read_bytes() for path in small.iterdir() if path.name not in seeds]
    kept.keep(run.target, added)
    stored = len(kept.kept(run.target))
    print(f"{run.target}: {len(added)} inputs reach more than the corpus, {stored} are kept")


def unpack(folder: Path, inputs: Iterable[bytes]) -> set[str]:
    """Write inputs into a folder, each under a name that is its own; return the names."""
    names = set()
    for data in inputs:
        name = sha256(data).hexdigest()[:16]
        (folder / name).write_bytes(data)
        names.add(name)
    return names


if __name__ == "__main__":
    sys.exit(main())
