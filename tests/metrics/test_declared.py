import pytest

from exporter.metrics.declared import ALL, COUNTERS, GAUGES


def test_no_metric_is_declared_twice():
    names = [metric.name for metric in ALL]
    assert len(names) == len(set(names))
    assert not COUNTERS.keys() & GAUGES.keys()


@pytest.mark.parametrize("declared", ALL, ids=lambda metric: metric.name)
def test_a_metric_is_named_after_the_rules(declared):
    assert declared.name.startswith("knockwatch_")
    assert declared.name.endswith("_total") == (declared.kind == "counter")
    assert declared.help.endswith(".")
    assert not {"source_ip", "ip", "address", "user", "hostname"} & set(declared.labels)
