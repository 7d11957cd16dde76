from exporter.agent.complaints import Complaints


def test_each_trouble_is_told_once_a_minute(log):
    now = [0.0]
    complain = Complaints(lambda: now[0])
    for second in range(0, 121, 20):
        now[0] = float(second)
        complain("one: {}", OSError("disk"))
        complain("two: {}", OSError("disk"))
    assert log == ["one: disk\n", "two: disk\n"] * 3
