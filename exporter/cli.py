"""The command line: one function a command, each returning its exit code.

0 fine, 1 failed or unhealthy, 2 usage or configuration. The log goes to standard error, results to
standard output. Each command imports what it needs: an agent must be small, a health check quick.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

from exporter.commands import reaching
from exporter.commands.options import parser

if TYPE_CHECKING:
    from exporter.access.tokens import Tokens
    from exporter.explanation import Language
    from exporter.settings import Config
    from exporter.stages import Stages

OK, FAILED, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = parser(_COMMANDS).parse_args(arguments)
    logger.remove()
    logger.add(
        lambda text: print(text, end="", file=sys.stderr),  # whatever that is by then
        level=options.log_level.upper(),
        diagnose=False,  # it would print secrets
        format="{time:YYYY-MM-DD HH:mm:ss} {level: <7} {message}",
    )
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except BrokenPipeError:  # as in `replay … | head`: the reader has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", FAILED)
    except ValueError as error:
        from exporter.config import ConfigError

        return _fail(str(error), USAGE if isinstance(error, ConfigError) else FAILED)
    except KeyboardInterrupt:
        return FAILED


def _serve(options: argparse.Namespace) -> int:
    import asyncio
    import signal

    from exporter import app
    from exporter.config import state_dir

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the configuration can be read anew
    config = reaching.configuration(options)
    if config.kafka.servers:
        from exporter.fleet import kafka, worker

        kafka.client(config.kafka)  # what is wrong with it is said before anything is opened
        asyncio.run(worker.serve(config))
        return OK
    folder = state_dir(options.state_dir)
    tokens = _tokens(config, folder)
    asyncio.run(app.serve(config, folder, tokens, lambda: reaching.configuration(options)))
    return OK


def _relay(options: argparse.Namespace) -> int:
    import asyncio

    from exporter.config import load, state_dir
    from exporter.fleet import relay

    config, folder = load(options.config), state_dir(options.state_dir)
    return FAILED if asyncio.run(relay.run(config, folder, _tokens(config))) else OK


def _agent(options: argparse.Namespace) -> int:
    from exporter import agent

    return agent.run(
        options.server,
        device=options.device,
        token=reaching.token(options.token_file),
        interval=options.interval,
        once=options.once,
        print_only=options.print,
        ca_file=options.ca_file,
        state_dir=options.state_dir,
        pairing_code=options.pair,
        upnp=options.upnp,
    )


def _replay(options: argparse.Namespace) -> int:
    from exporter.commands import replay
    from exporter.config import load

    now = time.time() if options.now is None else options.now
    stages = _stages(load(options.config))
    return replay.run(options.files, stages, router=options.router, now=now, events=options.events)


def _explain(options: argparse.Namespace) -> int:
    from exporter import explain
    from exporter.config import load
    from exporter.pipeline import Pipeline
    from exporter.sockets_text import UnreadableText, read

    config = load(options.config)
    now = time.time()
    pipeline = Pipeline(_stages(config))
    if place := options.sockets:
        text = sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
        try:
            pipeline.report(read(text, options.device), now)
        except UnreadableText as error:
            why = getattr(error.text, _language(options, config))
            return _fail(f"{place}: {why}", FAILED)
    answer = explain.explain(options.line, pipeline, now, _language(options, config))
    print(explain.indented(answer) if options.json else explain.words(answer))
    return OK


def _check(options: argparse.Namespace) -> int:
    from exporter.commands import checking

    config = reaching.configuration(options)
    _stages(config)
    _tokens(config)
    checking.files(config)
    print(checking.written(config), end="")
    return OK


def _healthcheck(options: argparse.Namespace) -> int:
    import urllib.error
    from http.client import HTTPException

    server, direct = reaching.server(options)
    url = f"{server.rstrip('/')}/-/ready"
    try:
        with direct.open(url, seconds=5) as answer:
            return OK if answer.status == 200 else FAILED
    except urllib.error.URLError as error:
        return _fail(f"{url}: {error.reason}", FAILED)
    except HTTPException as error:
        return _fail(f"{url}: not an HTTP answer: {error!r}", FAILED)


def _doctor(options: argparse.Namespace) -> int:
    from exporter.commands import consultation
    from exporter.config import load

    url, direct = reaching.server(options)
    language = _language(options, load(options.config))
    try:
        told, fine = consultation.consult(url, language, direct)
    except ValueError as error:
        return _fail(str(error), USAGE)
    print(told)
    return OK if fine else FAILED


def _forget(options: argparse.Namespace) -> int:
    from exporter.commands import forget

    url, direct = reaching.server(options)
    print(forget.ask(url, options.device, direct))
    return OK


def _token(options: argparse.Namespace) -> int:
    from exporter.access import tokens

    given = reaching.token(options.token_file)
    token = given or tokens.made()
    line = tokens.line(options.device, token)
    if given is None:
        print(f"The token, which is shown this once: {token}")
        print("The line for the file that [tokens] names:")
    print(line)
    return OK


def _demo(options: argparse.Namespace) -> int:
    from exporter.commands import demo

    direct = reaching.direct(options)
    return demo.run(options.server, options.syslog, direct, seconds=options.seconds)


_COMMANDS = {
    "serve": _serve,
    "relay": _relay,
    "agent": _agent,
    "replay": _replay,
    "explain": _explain,
    "check": _check,
    "healthcheck": _healthcheck,
    "doctor": _doctor,
    "forget": _forget,
    "demo": _demo,
    "token": _token,
}


def _stages(config: Config) -> Stages:
    """The stages, with the user's own tables of networks read at once."""
    from exporter import build, tables

    stages = build.stages(config)
    if config.network.tables:
        stages.networks.replace_table(tables.read(config.network.tables))
    return stages


def _tokens(config: Config, folder: Path | None = None) -> Tokens | None:
    """Who may post; None when no file is configured. Paired devices' tokens are in the folder."""
    if not config.tokens.file:
        return None
    from exporter.access.tokens import TokenError, Tokens
    from exporter.config import ConfigError

    try:
        store = folder / "tokens" if folder else None
        return Tokens(Path(config.tokens.file), store, config.tokens.observers)
    except TokenError as error:
        raise ConfigError(f"tokens.file: {error}") from None


def _language(options: argparse.Namespace, config: Config) -> Language:
    language: Language | None = options.lang
    return language or (config.language if config.language != "auto" else "en")


def _fail(message: str, code: int) -> int:
    print(f"knockwatch: {message}", file=sys.stderr)
    return code
