"""Play the demo and take the picture of the page that the README shows."""

import sys
import tempfile
from pathlib import Path

from tests.system.parts.chromium import TABLET, chromium
from tests.system.parts.knockwatch import run, serve


def main(picture: Path) -> None:
    """Write the page as a tablet shows it."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serve(folder) as server, chromium(folder) as browser:
            syslog = f"127.0.0.1:{server.syslog_port}"
            run("demo", "--server", server.url, "--syslog", syslog).check_returncode()
            browser.open(server.url, TABLET)
            browser.screenshot(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
