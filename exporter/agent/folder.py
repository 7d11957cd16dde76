"""Where the agent keeps what outlives it: reports that wait, and its token.

Out comes the folder of one agent, that is of one device as reported to one server: two agents of a
host may share the folder of its user.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path


def of_agent(
    given: str | None, server: str, device: str, environment: Mapping[str, str] = os.environ
) -> Path | None:
    """Return the folder: below the given one, else systemd's, else the user's.

    None when the user has none. The same places as those of `serve`, said again here: the
    configuration that knows them takes more memory than the whole agent.
    """
    if given:
        place = Path(given)
    elif environment.get("STATE_DIRECTORY"):
        place = Path(environment["STATE_DIRECTORY"].split(":")[0])
    elif environment.get("XDG_STATE_HOME"):
        place = Path(environment["XDG_STATE_HOME"], "knockwatch")
    else:
        try:
            place = Path("~/.local/state/knockwatch").expanduser()
        except RuntimeError:  # a user without a home
            return None
    name = f"{server.rstrip('/').lower()}\n{device.casefold()}"
    return place / f"agent-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def write_private(file: Path, data: bytes) -> None:
    """Write a file for its owner alone; a crash leaves the whole of it or nothing.

    Raises OSError.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = file.with_name("new")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
        writing.write(data)
    aside.replace(file)
