from exporter.metrics import ourselves
from exporter.metrics.declared import ALL, COUNTERS, GAUGES


def test_what_the_program_says_of_itself_is_among_all_metrics():
    assert ourselves.GAUGES.items() <= GAUGES.items()
    assert COUNTERS[ourselves.CANARY_FAILURES.name] is ourselves.CANARY_FAILURES
    assert {*ourselves.GAUGES.values(), ourselves.CANARY_FAILURES} <= set(ALL)
