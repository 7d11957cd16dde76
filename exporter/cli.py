"""The command line: one function a command, each returning its exit code.

0 fine, 1 failed or unhealthy, 2 usage or configuration. The log goes to standard error, results to
standard output.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

import msgspec
import tomli_w
from loguru import logger

from exporter import agent, build, consultation, demo, replay, tables
from exporter.config import ConfigError, load, state_dir
from exporter.explain import Answer, event_fields, explain
from exporter.explanation import Language
from exporter.pipeline import Pipeline, Stages
from exporter.settings import Config, Listen
from exporter.sockets_text import UnreadableText
from exporter.sockets_text import read as read_sockets
from exporter.transports import certificate

OK, FAILED, USAGE = 0, 1, 2
_LAST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    logger.remove()
    logger.add(
        sys.stderr,
        level=options.log_level.upper(),
        diagnose=False,  # it would print secrets
        format="{time:YYYY-MM-DD HH:mm:ss} {level: <7} {message}",
    )
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except ConfigError as error:
        return _fail(str(error), USAGE)
    except BrokenPipeError:  # as in `replay … | head`: the reader has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (OSError, ValueError) as error:
        return _fail(str(error), FAILED)
    except KeyboardInterrupt:
        return FAILED


def _serve(options: argparse.Namespace) -> int:
    from exporter import app  # noqa: PLC0415 - the web stack takes a while to import

    config = load(options.config)
    asyncio.run(app.serve(config, state_dir(options.state_dir), _tokens(config)))
    return OK


def _agent(options: argparse.Namespace) -> int:
    token = Path(options.token_file).read_text("utf-8").strip() if options.token_file else None
    return agent.run(
        options.server,
        device=options.device,
        token=token,
        interval=options.interval,
        once=options.once,
        print_only=options.print,
    )


def _replay(options: argparse.Namespace) -> int:
    now = time.time() if options.now is None else _moment(options.now)
    stages = _stages(load(options.config))
    return replay.run(options.files, stages, router=options.router, now=now, events=options.events)


def _explain(options: argparse.Namespace) -> int:
    config = load(options.config)
    now = time.time()
    pipeline = Pipeline(_stages(config))
    if options.sockets:
        text = (
            sys.stdin.buffer.read()
            if options.sockets == "-"
            else Path(options.sockets).read_bytes()
        )
        try:
            pipeline.report(read_sockets(text, options.device), now)
        except UnreadableText as error:
            return _fail(f"{options.sockets}: {error}", FAILED)
    answer = explain(options.line, pipeline, now, _language(options, config))
    print(_json(answer) if options.json else _words(answer))
    return OK


def _check(options: argparse.Namespace) -> int:
    config = load(options.config)
    _stages(config)
    _tokens(config)
    certificate.configured(config.listen)
    print(tomli_w.dumps(_without_none(msgspec.to_builtins(config))), end="")
    return OK


def _healthcheck(options: argparse.Namespace) -> int:
    url = options.url or f"{_own_url(load(options.config).listen)}/-/ready"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is this machine
    try:
        with direct.open(url, timeout=5) as answer:
            return OK if answer.status == 200 else FAILED
    except urllib.error.URLError as error:
        return _fail(f"{url}: {error.reason}", FAILED)
    except HTTPException as error:
        return _fail(f"{url}: not an HTTP answer: {error!r}", FAILED)


def _doctor(options: argparse.Namespace) -> int:
    config = load(options.config)
    url = options.url or _own_url(config.listen)
    try:
        told, fine = consultation.consult(url, _language(options, config))
    except ValueError as error:
        return _fail(str(error), USAGE)
    print(told)
    return OK if fine else FAILED


def _demo(options: argparse.Namespace) -> int:
    return demo.run(options.server, options.syslog, seconds=options.seconds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="knockwatch",
        description="Who is knocking on my router, and which of my devices asked them to?",
    )
    parser.add_argument("--version", action="version", version=f"knockwatch {build.VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str) -> _Command:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(command=run)
        command.add_argument(
            "--log-level", default="info", choices=("debug", "info", "warning", "error")
        )
        return command

    serve = add("serve", _serve, "run the exporter: listeners, metrics and the page")
    serve.add_argument("--state-dir", metavar="DIR", help="where counters and evidence are kept")

    agent_command = add("agent", _agent, "report this host's sockets to a server")
    agent_command.add_argument("--server", metavar="URL", required=True)
    agent_command.add_argument("--device", metavar="NAME", help="default: the host's name")
    agent_command.add_argument("--token-file", metavar="FILE")
    agent_command.add_argument("--interval", metavar="SECONDS", type=float, default=15.0)
    agent_command.add_argument("--once", action="store_true", help="send one report and end")
    agent_command.add_argument(
        "--print", action="store_true", help="print exactly what would be sent, and send nothing"
    )

    replay_command = add("replay", _replay, "send log lines through the whole pipeline")
    replay_command.add_argument("files", nargs="+", metavar="FILE", help="- is standard input")
    replay_command.add_argument("--router", metavar="NAME", type=_text, help="default: in the line")
    replay_command.add_argument(
        "--events", action="store_true", help="print one JSON object for each line"
    )
    replay_command.add_argument(
        "--now", metavar="TIME", help="guess missing years back from here (RFC 3339)"
    )

    explain_command = add("explain", _explain, "explain one log line, step by step")
    explain_command.add_argument("line", metavar="LINE", type=_text)
    explain_command.add_argument(
        "--sockets", metavar="FILE", help="output of netstat -ano -b, ss -tunap, lsof -i -nP, …"
    )
    explain_command.add_argument(
        "--device", metavar="NAME", type=_text, default="this device", help="whose they are"
    )
    explain_command.add_argument("--json", action="store_true")
    explain_command.add_argument("--lang", choices=("en", "ja"))

    check = add("check", _check, "print the configuration in force, or what is wrong with it")
    health = add("healthcheck", _healthcheck, "exit 0 when a running serve is ready")
    health.add_argument("--url", metavar="URL")

    doctor = add("doctor", _doctor, "ask a running serve what is wrong, hop by hop")
    doctor.add_argument("--url", metavar="URL", help="default: this machine's, as configured")
    doctor.add_argument("--lang", choices=("en", "ja"))

    demo_command = add("demo", _demo, "play the founding case against a running serve")
    demo_command.add_argument("--server", metavar="URL", default="http://127.0.0.1:10151")
    demo_command.add_argument("--syslog", metavar="HOST:PORT", default="127.0.0.1:5514")
    demo_command.add_argument("--seconds", type=float, default=20.0, help="how long it plays")

    for command in (serve, replay_command, explain_command, check, health, doctor):
        command.add_argument("--config", metavar="FILE", help="default: $KNOCKWATCH_CONFIG")
    return parser


_Command = argparse.ArgumentParser


def _stages(config: Config) -> Stages:
    """The stages, with the user's own tables of networks read at once."""
    stages = build.stages(config)
    if config.network.tables:
        stages.networks.replace_table(tables.read(config.network.tables))
    return stages


def _tokens(config: Config) -> frozenset[str]:
    """The tokens that may post; none when no file is configured."""
    if not config.tokens.file:
        return frozenset()
    try:
        lines = Path(config.tokens.file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"tokens.file: cannot be read: {error}") from None
    tokens = frozenset(t for t in map(str.strip, lines) if t and not t.startswith("#"))
    if not tokens:
        raise ConfigError(f"tokens.file: {config.tokens.file} holds no token, one a line")
    return tokens


def _language(options: argparse.Namespace, config: Config) -> Language:
    language: Language | None = options.lang
    return language or (config.language if config.language != "auto" else "en")


def _own_url(listen: Listen) -> str:
    address = listen.address or "127.0.0.1"
    return f"http://{f'[{address}]' if ':' in address else address}:{listen.http_port}"


def _moment(text: str) -> float:
    for read in (float, lambda iso: datetime.fromisoformat(iso).timestamp()):
        with contextlib.suppress(ValueError, OverflowError):
            if 0 <= (moment := read(text)) < _LAST:
                return moment
    raise ConfigError(f"--now: not a time: {text!r}; write 2026-11-23T12:00:00Z")


def _text(argument: str) -> str:
    """What was typed, as text: bytes that are not of the terminal's encoding are replaced."""
    return os.fsencode(argument).decode("utf-8", "replace")


def _json(answer: Answer) -> str:
    fields = msgspec.to_builtins(answer)
    fields["event"] = None if answer.event is None else event_fields(answer.event)
    return msgspec.json.format(msgspec.json.encode(fields)).decode()


def _words(answer: Answer) -> str:
    steps = "\n".join(f"  {number}. {step}" for number, step in enumerate(answer.steps, 1))
    return "\n\n".join(part for part in (answer.summary, answer.advice, steps) if part)


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    """TOML has no null: what is not set is not written."""
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }


def _fail(message: str, code: int) -> int:
    print(f"knockwatch: {message}", file=sys.stderr)
    return code
