"""What the program logs while a test runs."""

from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger


def fixture(level: str, form: str = "{level} {message}") -> Any:
    """Return a fixture of the lines that are logged, from a level upwards."""

    @pytest.fixture
    def lines() -> Iterator[list[str]]:
        taken: list[str] = []
        sink = logger.add(taken.append, level=level, format=form, diagnose=False)
        yield taken
        logger.remove(sink)

    return lines
