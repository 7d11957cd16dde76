"""`knockwatch check`: whether all that a configuration names can be used, and what is in force.

A configuration goes in. Nothing is opened that a running program has open.
"""

from typing import Any

import msgspec
import tomli_w

from exporter.settings import Config
from exporter.transports import certificate
from exporter.web.configuration import WebConfiguration


def files(config: Config) -> None:
    """Read the files that listeners and a fleet's parts would. Raises config.ConfigError."""
    certificate.configured(config.listen)
    WebConfiguration(config.listen.web_config)
    if config.relay.site or config.relay.subscribers:
        from exporter.fleet import relay_parts

        relay_parts.parts(config)
    elif config.kafka.servers:
        from exporter.fleet import kafka, worker  # they need the extra `kafka`

        kafka.client(config.kafka)
        worker.check(config)


def written(config: Config) -> str:
    """Return a configuration as TOML, defaults included."""
    return tomli_w.dumps(_without_none(msgspec.to_builtins(config)))


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    """TOML has no null: what is not set is not written."""
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }
