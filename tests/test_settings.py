import msgspec

from exporter.settings import PRIVATE_SENDERS, Config


def test_every_key_has_a_default_that_works():
    assert msgspec.convert({}, Config) == Config()


def test_senders_beyond_the_home_must_be_allowed_by_name():
    assert not {"0.0.0.0/0", "::/0"} & set(PRIVATE_SENDERS)
    assert Config().listen.allowed_senders == PRIVATE_SENDERS
