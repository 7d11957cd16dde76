from collections.abc import Iterator

import pytest

from tests.evidence.stores import OPEN


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()
