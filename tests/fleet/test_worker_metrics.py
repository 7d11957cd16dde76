from exporter.fleet import worker_metrics
from exporter.metrics import formats


def test_it_says_how_far_its_shards_are_and_what_went_wrong():
    outcomes, errors = {"committed": 7, "aborted": 1}, {"restore": 2}
    body, _ = formats.encode(worker_metrics.take([(3, 40), (11, 0)], outcomes, errors))
    lines = body.decode().splitlines()
    assert 'knockwatch_shard_lag_records{shard="3"} 40.0' in lines
    assert 'knockwatch_shard_lag_records{shard="11"} 0.0' in lines
    assert 'knockwatch_transactions_total{outcome="aborted"} 1.0' in lines
    assert 'knockwatch_transactions_total{outcome="committed"} 7.0' in lines
    assert 'knockwatch_worker_errors_total{task="restore"} 2.0' in lines
    assert any(line.startswith("knockwatch_build_info{") for line in lines)
