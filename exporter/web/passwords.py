"""Passwords of users, kept as bcrypt hashes: whether one is right.

To find out takes a tenth of a second on purpose, so it is done in a thread, one at a time, and what
was found is remembered, by a digest that is good for nothing outside this process. It takes as
long for a user who does not exist.
"""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import bcrypt

MOST_KNOWN = 1000  # answers that are remembered, the oldest makes room
_MOST_BYTES = 72  # of a password, bcrypt looks at no more


class Passwords:
    """The users' hashes, and what was found out."""

    def __init__(self) -> None:
        self._hashes: dict[str, bytes] = {}
        self._known: dict[bytes, bool] = {}
        self._key = secrets.token_bytes(32)
        self._worker = ThreadPoolExecutor(1, "password")

    def replace(self, hashes: Mapping[str, str]) -> None:
        """Take other users from now on; their hashes must be bcrypt's."""
        self._hashes = {user: hashed.encode() for user, hashed in hashes.items()}

    @property
    def are_asked_for(self) -> bool:
        """Whether there are users at all."""
        return bool(self._hashes)

    async def are_right(self, user: str, password: bytes) -> bool:
        """Tell whether a user has that password."""
        hashed = self._hashes.get(user)
        # A stranger's password is tried on somebody's hash, which takes as long.
        tried = hashed or next(iter(self._hashes.values()), None)
        if tried is None:
            return False
        digest = hmac.new(self._key, digestmod="sha256")
        for part in (user.encode("utf-8", "replace"), tried, password):
            digest.update(len(part).to_bytes(8) + part)
        key = digest.digest()
        right = self._known.get(key)
        if right is None:
            loop = asyncio.get_running_loop()
            right = await loop.run_in_executor(self._worker, _fits, password, tried)
            self._known[key] = right
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]
        return right and hashed is not None


def _fits(password: bytes, hashed: bytes) -> bool:
    fits = bcrypt.checkpw(password[:_MOST_BYTES], hashed)
    return fits and len(password) <= _MOST_BYTES
