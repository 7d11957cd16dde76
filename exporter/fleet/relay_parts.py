"""From a configuration to what a relay is made of: whose its senders are, and its way to Kafka."""

import socket
from collections.abc import Callable
from pathlib import Path

from exporter.config import ConfigError
from exporter.fleet import kafka
from exporter.fleet.records import is_name
from exporter.fleet.relay_keys import RelayKeyError, own_secret
from exporter.fleet.subscribers import OneSite, Place, SubscriberError, Subscribers
from exporter.fleet.writer import Writer
from exporter.settings import Config


def parts(config: Config) -> tuple[OneSite | Subscribers, Callable[[], Writer]]:
    """Return whose senders are, and what makes a writer. Raises ConfigError naming the key."""
    relay = config.relay
    name = relay.name or socket.gethostname()
    if not is_name(name) or len(name.split()) != 1:
        raise ConfigError(f"relay.name: {name!r} is not one word of at most 64 characters")
    if config.files:
        raise ConfigError("listen.files: a relay follows no files; send them with a syslog daemon")
    kafka.client(config.kafka)
    secret = None
    try:
        if relay.key_file:
            secret = own_secret(Path(relay.key_file))
    except RelayKeyError as error:
        raise ConfigError(f"relay.key_file: {error}") from None
    return _places(config), lambda: Writer(config.kafka, name, secret)


def _places(config: Config) -> OneSite | Subscribers:
    relay = config.relay
    if bool(relay.site) == bool(relay.subscribers):
        both = "both are given" if relay.site else "neither is given"
        raise ConfigError(f"relay.site: it or relay.subscribers has to be given, but {both}")
    if relay.site:
        for key, text in (("site", relay.site), ("region", relay.region or relay.site)):
            if not is_name(text):
                raise ConfigError(f"relay.{key}: {text!r} is not a printable name")
        return OneSite(Place(relay.site, relay.region))
    if relay.region:
        raise ConfigError("relay.region: with relay.subscribers the regions stand in that file")
    if config.tokens.file:
        raise ConfigError("tokens.file: with relay.subscribers the tokens stand in that file")
    try:
        return Subscribers(Path(relay.subscribers))
    except SubscriberError as error:
        raise ConfigError(f"relay.subscribers: {error}") from None
