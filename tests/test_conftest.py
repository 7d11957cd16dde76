import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

SKIPPING = {
    "a test": "import pytest\ndef test_a():\n    pytest.skip('no such part')\n",
    "a marked test": "import pytest\n@pytest.mark.skip('no such part')\ndef test_a():\n    pass\n",
    "a module": "import pytest\npytest.skip('no such part', allow_module_level=True)\n",
}


def outcome(folder: Path, source: str, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (folder / "test_it.py").write_text(source)
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={folder}"]
    env = os.environ | {"CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("source", SKIPPING.values(), ids=SKIPPING.keys())
def test_in_ci_a_skip_fails_and_says_what_was_missing(tmp_path, source):
    done = outcome(tmp_path, source, "true")
    assert done.returncode not in (0, 5)
    assert "nothing may skip with CI=true" in done.stdout
    assert "no such part" in done.stdout


def test_elsewhere_a_skip_is_a_skip(tmp_path):
    done = outcome(tmp_path, SKIPPING["a test"], "")
    assert done.returncode == 0
    assert "1 skipped" in done.stdout


def test_in_ci_an_expected_failure_stays_one(tmp_path):
    source = "import pytest\n@pytest.mark.xfail\ndef test_a():\n    assert False\n"
    done = outcome(tmp_path, source, "true")
    assert done.returncode == 0
    assert "1 xfailed" in done.stdout
