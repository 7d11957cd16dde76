"""The token of this device: kept from an earlier pairing, or fetched with a code.

In goes the server as it is reached without a token, out comes the token. It is kept in the agent's
folder, readable for its owner alone.
"""

from pathlib import Path

import msgspec

from exporter.agent.folder import write_private
from exporter.agent.post import ReportRefusedError, Server

_FILE = "token"


class PairingError(Exception):
    """There is no token; the text says why."""


class _Answer(msgspec.Struct, frozen=True):
    """What `POST /api/v1/pair` answers; it needs no device but ours."""

    token: str


def fetched(server: Server, place: Path | None, device: str, code: str) -> str:
    """Return the token that a code is good for, once it is kept in `place`.

    Raises PairingError, and ServerAwayError.
    """
    if place is None:
        raise PairingError("there is no folder to keep a token in: name one with --state-dir")
    try:
        # Whether it can be kept is found out before the code is used up, which is good once.
        write_private(place / "trial", b"")
        (place / "trial").unlink()
        answer = server.ask("/api/v1/pair", msgspec.json.encode({"code": code, "device": device}))
        token = msgspec.json.decode(answer.body, type=_Answer).token
        write_private(place / _FILE, token.encode())
    except ReportRefusedError as error:
        raise PairingError(f"not paired: {error}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PairingError(f"not paired: no answer of knockwatch: {error}") from None
    except OSError as error:
        raise PairingError(f"the token cannot be kept in {place}: {error}") from None
    return token


def kept(place: Path | None) -> str | None:
    """Return the token of an earlier pairing, if there is one.

    Raises PairingError when it cannot be read.
    """
    if place is None:
        return None
    try:
        return (place / _FILE).read_text("ascii").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise PairingError(f"the token in {place} cannot be read: {error}") from None
