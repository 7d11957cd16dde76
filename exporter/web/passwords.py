"""Passwords of users, kept as bcrypt hashes: whether one is right.

To find out takes a tenth of a second on purpose, so it is done in a thread, one at a time, and what
was found is remembered, by a digest that is good for nothing outside this process. It takes as
long for a user who does not exist. Whoever tries many waits for his own tries, and makes nobody
forget what was right.
"""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from exporter.web.turns import Turns

MOST_WRONG = 1000  # that are remembered, the oldest makes room
_MOST_WAITING = 1000  # clients, each with one try; there are fewer connections
_MOST_BYTES = 72  # of a password, bcrypt looks at no more


class Passwords:
    """The users' hashes, and what was found out."""

    def __init__(self) -> None:
        self._hashes: dict[str, bytes] = {}
        self._right: set[bytes] = set()
        self._wrong: dict[bytes, None] = {}
        self._tries = Turns(_MOST_WAITING, 1)
        self._key = secrets.token_bytes(32)
        self._worker = ThreadPoolExecutor(1, "password")

    def replace(self, hashes: Mapping[str, str]) -> None:
        """Take other users from now on; their hashes must be bcrypt's."""
        self._hashes = {user: hashed.encode() for user, hashed in hashes.items()}
        self._right.clear()
        self._wrong.clear()

    @property
    def are_asked_for(self) -> bool:
        """Whether there are users at all."""
        return bool(self._hashes)

    async def are_right(self, user: str, password: bytes, client: str = "") -> bool:
        """Tell whether a user has that password; of a client one is tried at a time."""
        hashed = self._hashes.get(user)
        # A stranger's password is tried on somebody's hash, which takes as long.
        tried = hashed or next(iter(self._hashes.values()), None)
        if tried is None:
            return False
        digest = hmac.new(self._key, digestmod="sha256")
        for part in (user.encode("utf-8", "replace"), tried, password):
            digest.update(len(part).to_bytes(8) + part)
        key = digest.digest()
        if not self._is_known(key):
            async with self._tries.taken(client):
                if not self._is_known(key):  # another request of his may have found it meanwhile
                    await self._find_out(key, password, tried, is_user=hashed is not None)
        return key in self._right

    def _is_known(self, key: bytes) -> bool:
        return key in self._right or key in self._wrong

    async def _find_out(self, key: bytes, password: bytes, tried: bytes, *, is_user: bool) -> None:
        loop = asyncio.get_running_loop()
        fits = await loop.run_in_executor(self._worker, _fits, password, tried)
        if fits and is_user:
            self._right.add(key)
            return
        self._wrong[key] = None
        if len(self._wrong) > MOST_WRONG:
            del self._wrong[next(iter(self._wrong))]


def _fits(password: bytes, hashed: bytes) -> bool:
    fits = bcrypt.checkpw(password[:_MOST_BYTES], hashed)
    return fits and len(password) <= _MOST_BYTES
