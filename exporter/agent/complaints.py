"""The same trouble is logged once a minute, however often it is met."""

from collections.abc import Callable

from loguru import logger

LOG_INTERVAL = 60.0  # seconds between two complaints


class Complaints:
    """What was complained about, and when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}

    def __call__(self, template: str, error: Exception) -> None:
        """Log a warning, unless the same one was logged a moment ago."""
        now = self._clock()
        if now >= self._last.get(template, float("-inf")) + LOG_INTERVAL:
            self._last[template] = now
            logger.warning(template, error)
