"""Known vulnerabilities of what is locked into the image, by pip-audit.

    python -m tools.audit [OPTION OF PIP-AUDIT]...

Ends with 0 when the advisories were read and name nothing, with 1 when they name something, and
with 2 when they could not be read: that is no pass, and is said.
"""

import json
import subprocess
import sys
from collections.abc import Sequence

from tools.lock import FOLDER

SECONDS = 300


def audit(arguments: Sequence[str]) -> tuple[int, str]:
    """Return the exit status, and what to print."""
    argv = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]
    argv += ["--disable-pip", "--require-hashes", "--requirement", str(FOLDER / "locked.txt")]
    try:
        done = subprocess.run(
            [*argv, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        packages = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return 2, f"not run: the advisories did not come within {SECONDS} seconds"
    except (ValueError, KeyError):
        why = done.stderr.strip().splitlines() or ["pip-audit said nothing"]
        return 2, f"not run: {why[-1]}"
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    found = [
        f"{each['name']} {each['version']}: {one['id']}, mended in {one['fix_versions'] or 'none'}"
        for each in packages
        for one in each.get("vulns", ())
    ]
    if skipped:
        return 2, "\n".join((*found, f"not run for {', '.join(skipped)}"))
    return (1, "\n".join(found)) if found else (0, f"{len(packages)} packages, nothing is known")


def main() -> None:
    """Print the outcome, and end with it."""
    status, told = audit(sys.argv[1:])
    print(told)
    raise SystemExit(status)


if __name__ == "__main__":
    main()
