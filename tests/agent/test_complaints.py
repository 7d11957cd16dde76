import pytest
from loguru import logger

from exporter.agent.complaints import Complaints


@pytest.fixture
def log():
    lines: list[str] = []
    sink = logger.add(lines.append, format="{message}")
    yield lines
    logger.remove(sink)


def test_each_trouble_is_told_once_a_minute(log):
    now = [0.0]
    complain = Complaints(lambda: now[0])
    for second in range(0, 121, 20):
        now[0] = float(second)
        complain("one: {}", OSError("disk"))
        complain("two: {}", OSError("disk"))
    assert log == ["one: disk\n", "two: disk\n"] * 3
