"""What a worker is without brokers; with them it is in tests/system."""

import pytest

from exporter.config import ConfigError, parse
from exporter.fleet import worker, worker_metrics
from exporter.metrics import formats

SECRET = "s" * 32


def test_the_files_of_which_it_is_told_are_read(tmp_path):
    (tmp_path / "relays").write_text(f"tokyo {SECRET} tokyo-*\n")
    (tmp_path / "key").write_text(SECRET)
    worker.check(parse(f'[fleet]\nrelays = "{tmp_path}/relays"\npseudonym_key = "{tmp_path}/key"'))
    worker.check(parse(""))


@pytest.mark.parametrize("key", ["relays", "pseudonym_key"])
def test_a_file_that_cannot_be_used_is_named_with_its_key(key, tmp_path):
    with pytest.raises(ConfigError, match=rf"fleet\.{key}: .*missing"):
        worker.check(parse(f'[fleet]\n{key} = "{tmp_path}/missing"'))


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
