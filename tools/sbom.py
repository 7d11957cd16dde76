"""build/sbom.json: what the image holds of Python, as CycloneDX has it.

    python -m tools.sbom

The locked wheels of this computer are installed into a folder of their own, cyclonedx-py reads them
there, with their licences, and each component gets the hashes that are locked.
"""

import json
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from tools.lock import FOLDER, ROOT, pinned

LOCKED = FOLDER / "locked.txt"
TARGET = ROOT / "build" / "sbom.json"


def described() -> dict[str, Any]:
    """Return the SBOM.

    Raises CalledProcessError when a wheel cannot be had, LookupError when one is missing in it.
    """
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        for argv in (
            [*pip, "install", "--no-deps", "--require-hashes", "-r", str(LOCKED)],
            [*pip, "install", "--no-deps", str(ROOT)],
            [*pip, "uninstall", "--yes", "pip", "setuptools"],
        ):
            subprocess.run(argv, check=True)
        reader = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"]
        reader += ["--pyproject", str(ROOT / "pyproject.toml"), "--output-format", "JSON", python]
        done = subprocess.run(reader, capture_output=True, check=True)
    sbom: dict[str, Any] = json.loads(done.stdout)
    with_hashes(sbom, LOCKED.read_text())
    return sbom


def with_hashes(sbom: dict[str, Any], locked: str) -> None:
    """Add the locked hashes; raise LookupError where SBOM and lock hold other packages."""
    components = {
        f"{re.sub(r'[-_.]+', '-', each['name']).lower()}=={each['version']}": each
        for each in sbom["components"]
    }
    known = {pin.lower() for pin in pinned(locked)}
    if components.keys() != known:
        odd = components.keys() ^ known
        raise LookupError(f"not both locked and in the SBOM: {', '.join(sorted(odd))}")
    for block in re.split(r"\n(?=\w)", locked):
        for pin in pinned(block):
            hashes = re.findall(r"sha256:([0-9a-f]{64})", block)
            components[pin.lower()]["hashes"] = [
                {"alg": "SHA-256", "content": sha256} for sha256 in hashes
            ]


def main() -> None:
    """Write it."""
    sbom = described()
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(sbom, indent=1, sort_keys=True) + "\n")
    print(f"{TARGET.relative_to(ROOT)}: {len(sbom['components'])} packages")


if __name__ == "__main__":
    main()
