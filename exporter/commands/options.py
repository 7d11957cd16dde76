"""What can be written behind `knockwatch`: every command with its options.

In goes the function of each command by its name, out comes the parser; what it reads has the
function as `command`. It imports nothing of ours, as every command has to wait for it.
"""

import argparse
import contextlib
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version

Run = Callable[[argparse.Namespace], int]
Add = Callable[[str, str], argparse.ArgumentParser]

_LAST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
_URL = "default: this machine's, as configured"
_LANGUAGE = "default: the configuration's, else en"
_CA = "authorities (PEM) to trust in place of the system's"


def parser(commands: Mapping[str, Run]) -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    whole = argparse.ArgumentParser(
        prog="knockwatch",
        description="Who is knocking on my router, and which of my devices asked them to?",
    )
    whole.add_argument("--version", action="version", version=f"knockwatch {version('knockwatch')}")
    parsers = whole.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        command = parsers.add_parser(name, help=text, description=text)
        command.set_defaults(command=commands[name])
        levels = ("debug", "info", "warning", "error")
        command.add_argument("--log-level", default="info", choices=levels, help="default: info")
        return command

    serve = add("serve", "run the exporter: listeners, metrics and the page")
    serve.add_argument("--state-dir", metavar="DIR", help="where counters and evidence are kept")
    relay = add("relay", "receive lines and reports of sites, and write them to Kafka")
    relay.add_argument("--state-dir", metavar="DIR", help="where they wait while no broker answers")
    _agent(add)
    asking = _asking(add)
    configured = (serve, relay, _replay(add), _explain(add), *asking)
    _demo(add)
    _token(add)
    for command in configured:
        command.add_argument("--config", metavar="FILE", help="default: $KNOCKWATCH_CONFIG")
    for command in (serve, *asking):
        command.add_argument(
            "--web.config.file",
            metavar="FILE",
            dest="web_config",
            help="TLS and passwords for HTTP; default: listen.web_config",
        )
    return whole


def _agent(add: Add) -> None:
    agent = add("agent", "report this host's sockets to a server")
    agent.add_argument(
        "--server", metavar="URL", required=True, help="knockwatch's: http://192.168.1.5:10151"
    )
    agent.add_argument("--device", metavar="NAME", help="default: the host's name")
    agent.add_argument("--token-file", metavar="FILE", help="where its token stands")
    agent.add_argument("--pair", metavar="CODE", help="fetch a token, with a code of the page /add")
    agent.add_argument("--ca-file", metavar="FILE", help=_CA)
    agent.add_argument(
        "--state-dir", metavar="DIR", help="where waiting reports and the token are kept"
    )
    agent.add_argument(
        "--interval", metavar="SECONDS", type=float, default=15.0, help="1 to 3600; default: 15"
    )
    agent.add_argument(
        "--upnp", action="store_true", help="tell the router's port mappings; one host is enough"
    )
    agent.add_argument("--once", action="store_true", help="send one report and end")
    agent.add_argument(
        "--print", action="store_true", help="print exactly what would be sent, and send nothing"
    )


def _replay(add: Add) -> argparse.ArgumentParser:
    replay = add("replay", "send log lines through the whole pipeline")
    replay.add_argument("files", nargs="+", metavar="FILE", help="- is standard input")
    replay.add_argument("--router", metavar="NAME", type=text, help="default: as the line says")
    replay.add_argument("--events", action="store_true", help="print one JSON object for each line")
    replay.add_argument(
        "--now", metavar="TIME", type=moment, help="guess missing years back from here (RFC 3339)"
    )
    return replay


def _explain(add: Add) -> argparse.ArgumentParser:
    explain = add("explain", "explain one log line, step by step")
    explain.add_argument("line", metavar="LINE", type=text, help="of the router's log, in quotes")
    explain.add_argument(
        "--sockets", metavar="FILE", help="output of netstat -ano -b, ss -tunap, lsof -i -nP, …"
    )
    explain.add_argument(
        "--device", metavar="NAME", type=text, default="this device", help="whose they are"
    )
    explain.add_argument("--json", action="store_true", help="for programs")
    explain.add_argument("--lang", choices=("en", "ja"), help=_LANGUAGE)
    return explain


def _asking(add: Add) -> tuple[argparse.ArgumentParser, ...]:
    """Commands about the configuration, or that ask a running serve."""
    check = add("check", "print the configuration in force, or what is wrong with it")
    health = add("healthcheck", "exit 0 when a running serve is ready")
    health.add_argument("--url", metavar="URL", help=_URL)
    doctor = add("doctor", "ask a running serve what is wrong, hop by hop")
    doctor.add_argument("--url", metavar="URL", help=_URL)
    doctor.add_argument("--lang", choices=("en", "ja"), help=_LANGUAGE)
    forget = add("forget", "delete what a running serve stores of a device")
    forget.add_argument("device", metavar="DEVICE", type=text, help="as the page calls it")
    forget.add_argument("--url", metavar="URL", help=_URL)
    for command in (doctor, forget):
        _identifying(command)
    health.add_argument("--ca-file", metavar="FILE", help=_CA)
    return check, health, doctor, forget


def _demo(add: Add) -> None:
    demo = add("demo", "play the founding case against a running serve")
    server, syslog = "http://127.0.0.1:10151", "127.0.0.1:5514"
    demo.add_argument("--server", metavar="URL", default=server, help=f"default: {server}")
    demo.add_argument("--syslog", metavar="HOST:PORT", default=syslog, help=f"default: {syslog}")
    _identifying(demo)
    demo.add_argument("--seconds", type=float, default=20.0, help="how long it plays; default: 20")


def _token(add: Add) -> None:
    token = add("token", "make a token, and the line for the file of [tokens] that stands for it")
    token.add_argument(
        "device", metavar="NAME", nargs="?", default="", type=text, help="default: it may do all"
    )
    token.add_argument(
        "--token-file", metavar="FILE", help="print the line for the token that is in there"
    )


def _identifying(command: argparse.ArgumentParser) -> None:
    """Add what a server is asked with that wants to know who asks."""
    command.add_argument("--ca-file", metavar="FILE", help=_CA)
    who = command.add_mutually_exclusive_group()
    who.add_argument("--token-file", metavar="FILE", help="a token that may do anything")
    who.add_argument("--login-file", metavar="FILE", help="USER:PASSWORD of the web configuration")


def text(argument: str) -> str:
    """Return what was typed, as text: bytes not of the terminal's encoding are replaced."""
    return os.fsencode(argument).decode("utf-8", "replace")


def moment(argument: str) -> float:
    """Return the Unix seconds of a time: RFC 3339, or these themselves."""
    for read in (float, lambda iso: datetime.fromisoformat(iso).timestamp()):
        with contextlib.suppress(ValueError, OverflowError):
            if 0 <= (found := read(argument)) < _LAST:
                return found
    raise argparse.ArgumentTypeError(f"not a time: {argument!r}; write 2026-11-23T12:00:00Z")
