"""What a worker is without brokers; with them it is in tests/system."""

import pytest

from exporter.config import ConfigError, parse
from exporter.fleet import worker

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
