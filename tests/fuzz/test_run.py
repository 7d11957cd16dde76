"""The fuzzer itself, briefly: a real run of each target must find nothing."""

import subprocess
import sys
from base64 import b64encode
from importlib.util import find_spec

import pytest

from tests.fuzz import run
from tests.golden import ROOT

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(find_spec("atheris") is None, reason="atheris runs on Linux, x86-64"),
]


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "tests.fuzz.run", *arguments]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("target", run.TARGETS)
def test_fuzzing_for_a_moment_finds_nothing(target):
    done = fuzz(target, "--seconds", "15", "--seed", "1")
    assert done.returncode == 0, done.stdout
    assert f"{target}: " in done.stdout


def test_a_finding_is_printed_and_makes_the_run_fail(tmp_path):
    found = tmp_path / "header" / "findings"
    found.mkdir(parents=True)
    (found / "crash-1").write_bytes(b"planted\n")
    done = fuzz("header", "--seconds", "1", "--folder", str(tmp_path))
    assert done.returncode == 1
    assert f"crash-1\nheader {b64encode(b'planted').decode()[:8]}" in done.stdout


def test_a_target_that_does_not_exist_is_refused():
    done = fuzz("trailer")
    assert done.returncode == 2
    assert "no target trailer" in done.stderr
