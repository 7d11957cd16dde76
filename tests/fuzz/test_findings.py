from time import process_time

import pytest

from tests.fuzz import findings
from tests.fuzz.findings import Findings, watched
from tests.fuzz.promises import Broken
from tests.fuzz.timing import LIMIT


def check(data: bytes) -> None:
    """Break a promise for each first letter, and fail on an empty input."""
    if data[0] in b"ab":
        raise Broken(f"never {data[:1]!r}", data)


def test_the_shortest_input_of_each_fault_is_kept(tmp_path):
    once = watched(check, Findings(tmp_path))
    for data in (b"axx", b"ax", b"axxx", b"bxx", b"fine", b""):
        once(data)
    found = findings.read(tmp_path)
    assert sorted(finding.data for finding in found) == [b"", b"ax", b"bxx"]
    reasons = "\n".join(finding.why for finding in found)
    assert "never b'a'" in reasons
    assert "IndexError at test_findings.py" in reasons


def test_what_the_fuzzer_itself_wrote_down_is_found_too(tmp_path):
    (tmp_path / "timeout-0f").write_bytes(b"slow")
    assert findings.read(tmp_path) == [(b"slow", "timeout-0f")]


@pytest.mark.parametrize(("seconds", "is_found"), [(0.01, False), (0.5, True)])
def test_what_was_slow_is_measured_again(tmp_path, seconds, is_found):
    def slow(data: bytes) -> None:
        end = process_time() + 2 * LIMIT
        while process_time() < end:
            pass

    watched(slow, Findings(tmp_path), lambda data: seconds)(b"x")
    assert bool(findings.read(tmp_path)) == is_found


def test_of_what_was_fast_some_is_measured_at_full_length(tmp_path):
    measured = []

    def seconds(data: bytes) -> float:
        measured.append(data)
        return 1.0

    once = watched(lambda data: None, Findings(tmp_path), seconds)
    for number in range(1000):
        once(b"%d " % number)
    assert 10 < len(measured) < 60
    assert max(map(len, measured)) > 60_000
    assert findings.read(tmp_path)[0].data == min(measured, key=len)
