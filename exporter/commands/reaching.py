"""What the command line says of a running server: its configuration, where it is, and who asks.

Options go in. Each command has to wait for this, so it imports what an option asks for and no more.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exporter.direct import Direct
    from exporter.settings import Config


def server(options: argparse.Namespace) -> tuple[str, Direct]:
    """Return the address of a running serve, this machine's as configured, and how it is asked."""
    from exporter.settings import Listen

    listen = Listen()
    if options.config or os.environ.get("KNOCKWATCH_CONFIG"):
        listen = configuration(options).listen  # which takes four times as long as all else
    elif options.web_config:
        listen = Listen(web_config=options.web_config)
    address = listen.address or "127.0.0.1"
    place = f"{f'[{address}]' if ':' in address else address}:{listen.http_port}"
    certificate = ""
    if listen.web_config and not options.url:
        from exporter import web_settings

        certificate = web_settings.read(listen.web_config).tls_server_config.cert_file
    url = options.url or f"http{'s' if certificate else ''}://{place}"
    return url, direct(options, certificate)


def direct(options: argparse.Namespace, certificate: str = "") -> Direct:
    """Return how a server is asked; `certificate` is the file of its own, where that is known."""
    import ssl

    from exporter.direct import Direct, basic, bearer

    context = None
    if options.ca_file:
        context = ssl.create_default_context(cafile=options.ca_file)
    elif certificate:
        from exporter import pem

        context = pem.client_context(certificate)
    login = token(getattr(options, "login_file", None))
    who = basic(login) if login else bearer(token(getattr(options, "token_file", None)))
    return Direct(context, who)


def configuration(options: argparse.Namespace) -> Config:
    """Return the configuration, with the web configuration that the command line names."""
    import msgspec

    from exporter.config import load

    config = load(options.config)
    if not options.web_config:
        return config
    listen = msgspec.structs.replace(config.listen, web_config=options.web_config)
    return msgspec.structs.replace(config, listen=listen)


def token(file: str | None) -> str | None:
    """Return the one line of a file that holds a secret; None without a file. Raises OSError."""
    return Path(file).read_text("utf-8").strip() if file else None
