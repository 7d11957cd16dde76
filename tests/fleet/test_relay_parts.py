"""From a configuration to a relay's parts, or to what is wrong with it."""

import pytest

from exporter import cli
from exporter.config import ConfigError, parse
from exporter.fleet.relay_parts import parts
from exporter.fleet.subscribers import Place

KAFKA = '[kafka]\nservers = ["127.0.0.1:9"]\n'


def test_a_site_s_own_relay():
    places, _ = parts(parse(KAFKA + '[relay]\nsite = "osaka"\nregion = "kansai"'))
    assert places.sender("192.0.2.1", ()) == Place("osaka", "kansai")


def test_a_provider_s_relay(tmp_path):
    file = tmp_path / "subscribers"
    file.write_text("s-1@tokyo address 192.0.2.1\n")
    places, _ = parts(parse(KAFKA + f'[relay]\nsubscribers = "{file}"'))
    assert places.sender("192.0.2.1", ()) == Place("s-1", "tokyo")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[relay]\nsite = "a"', "kafka.servers: names no broker, such as kafka-1:9092"),
        (KAFKA, "relay.site: it or relay.subscribers has to be given, but neither is given"),
        (KAFKA + '[relay]\nsite = "a"\nsubscribers = "/b"', "relay.site: .* both are given"),
        (KAFKA + '[relay]\nsite = " a"', "relay.site: ' a' is not a printable name"),
        (
            KAFKA + '[relay]\nsite = "a"\nregion = "b\\t"',
            r"relay.region: 'b\\t' is not a printable",
        ),
        (KAFKA + '[relay]\nname = "r 1"\nsite = "a"', "relay.name: 'r 1' is not one word"),
        (KAFKA + '[relay]\nkey_file = "/none"\nsite = "a"', "relay.key_file: /none"),
        (KAFKA + '[relay]\nsubscribers = "/none"', "relay.subscribers: /none cannot be read"),
        (KAFKA + '[relay]\nsubscribers = "/x"\nregion = "b"', "relay.region: with relay.subscr"),
        (
            KAFKA + '[relay]\nsubscribers = "/x"\n[tokens]\nfile = "/y"',
            "tokens.file: with relay.subscribers",
        ),
        (KAFKA + '[relay]\nsite = "a"\n[listen]\nfiles = ["/var/log/x"]', "listen.files: a relay"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(text, said):
    with pytest.raises(ConfigError, match=f"^{said}"):
        parts(parse(text))


@pytest.mark.parametrize("command", ["relay", "check"])
def test_the_commands_end_with_2_before_anything_is_opened(command, tmp_path, capsys):
    config = tmp_path / "relay.toml"
    config.write_text(KAFKA + '[relay]\nsite = " "')
    assert cli.main([command, "--config", str(config)]) == 2
    assert capsys.readouterr().err.startswith("knockwatch: relay.site: ' ' is not")
