"""Pairing codes: short enough to type on another device, and worth nothing a moment later.

A code is made for whoever may post, and redeemed once within ten minutes. Only a few wrong tries a
minute are taken, of all who try together: guessing one of 31 to the power of eight takes longer
than it lives. Times are arguments, Unix seconds; nothing is stored.
"""

import hmac
import secrets

LIFETIME = 600.0  # seconds
LENGTH = 8
MAX_OPEN = 20  # codes at one time; the oldest makes room
TRIES = 10.0  # wrong ones at once
PER_SECOND = 1 / 6  # and then
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another


class TooManyTriesError(Exception):
    """Too many wrong codes were tried; nobody's is looked at now."""


class Codes:
    """The codes that were not redeemed yet, oldest first."""

    def __init__(self) -> None:
        self._open: dict[str, float] = {}  # code → when it ends
        self._tries, self._tried_at = TRIES, 0.0

    def make(self, now: float) -> str:
        """Return a new code."""
        self._expire(now)
        code = "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))
        self._open[code] = now + LIFETIME
        if len(self._open) > MAX_OPEN:
            del self._open[next(iter(self._open))]
        return code

    def redeem(self, given: str, now: float) -> bool:
        """Use a code up; whether it was one, however it was written.

        Raises TooManyTriesError.
        """
        self._expire(now)
        passed = max(0.0, now - self._tried_at)  # a clock may be set back
        self._tries = min(TRIES, self._tries + passed * PER_SECOND)
        self._tried_at = now
        if self._tries < 1.0:
            raise TooManyTriesError
        plain = "".join(filter(str.isalnum, given)).upper().encode()
        same = [code for code in self._open if hmac.compare_digest(code.encode(), plain)]
        if not same:
            self._tries -= 1.0
            return False
        del self._open[same[0]]
        return True

    def _expire(self, now: float) -> None:
        self._open = {
            code: ends for code, ends in self._open.items() if 0 <= ends - now <= LIFETIME
        }


def written(code: str) -> str:
    """Return a code as it is read out: in two halves."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"
