import tomllib

import pytest

from exporter.commands import checking
from exporter.config import ConfigError, parse
from exporter.settings import Config


def test_what_is_written_is_read_as_the_same():
    config = parse('[[router]]\nname = "gate"\naddresses = ["192.168.1.1"]\n')
    assert parse(checking.written(config)) == config
    assert "special" not in tomllib.loads(checking.written(Config()))["network"]


def test_nothing_named_is_nothing_to_read():
    checking.files(Config())


SERVERS = '[kafka]\nservers = ["127.0.0.1:9"]\n'


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[listen]\ntls_certificate = "/none"', "listen.tls_certificate"),
        (f'{SERVERS}security = "sasl_ssl"\nuser = "u"\npassword_file = "/none"', "password_file"),
        (f'{SERVERS}[fleet]\nrelays = "/none"', "fleet.relays"),
        (f'{SERVERS}[relay]\nsite = "a"\nkey_file = "/none"', "key_file"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_key(text, key):
    with pytest.raises(ConfigError, match=key):
        checking.files(parse(text))
