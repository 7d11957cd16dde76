"""What runs the agent on Windows and macOS, as far as it can be tested without either.

The PowerShell script is read, not run: its brackets and quotes, the keys of what it sends against
the records that the server reads into, its bounds against the server's, and what only one of the
two PowerShells understands.
"""

import plistlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from exporter import wire
from exporter.agent import host
from exporter.host_report import Gateway, HostReport, Link, Neighbour, Socket
from exporter.hosts import Hosts
from exporter.hosts.machines import Conflict
from exporter.sockets_text import fields
from exporter.web.posted import BURST, PER_SECOND

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
SCRIPT = (DEPLOY / "windows" / "knockwatch-agent.ps1").read_bytes()
TEXT = SCRIPT.decode("ascii")

TOKEN = re.compile(
    r"""(?P<comment><\#.*?\#>|\#[^\n]*)|(?P<here>@(["'])\n.*?\n\3@)"""
    r"""|(?P<single>'(?:[^']|'')*')|(?P<double>"(?:[^"`]|`.|"")*")|(?P<escaped>`.)"""
    r"""|(?P<open>[({\[])|(?P<close>[)}\]])|(?P<stray>['"])|(?P<other>[^'"`\#(){}\[\]<@]+|[<@])""",
    re.DOTALL,
)
CLOSES = {")": "(", "}": "{", "]": "["}


def tokens() -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(TEXT):
        token = TOKEN.match(TEXT, at)
        assert token is not None, f"line {TEXT.count(chr(10), 0, at) + 1}"
        yield str(token.lastgroup), token[0]
        at = token.end()


def code() -> str:
    """Return the script without comments; texts are empty."""
    kept = {"single": "''", "double": '""', "here": "''", "comment": ""}
    return "".join(kept.get(kind, text) for kind, text in tokens())


def keys(block: str) -> set[str]:
    return set(re.findall(r"(?m)^\s+(\w+) = ", block)) | set(
        re.findall(r"\[ordered\]@\{ (\w+) =", block)
    )


def function(name):
    return re.search(rf"(?ms)^function {name}\b.*?^}}", TEXT)[0]


def sent(name: str, variable: str) -> set[str]:
    """Return the keys that a function puts into an ordered table, and into that variable later."""
    text = function(name)
    tables = re.findall(r"(?s)\[ordered\]@\{.*?\}", text)
    later = re.findall(rf"\${variable}\['(\w+)'\] = ", text)
    return set().union(*map(keys, tables)) | set(later)


def required(record: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(record) if field.required}


def known(record: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(record)}


def test_brackets_and_quotes_are_closed():
    opened: list[str] = []
    for kind, text in tokens():
        assert kind != "stray"
        if kind == "open":
            opened.append(text)
        elif kind == "close":
            assert opened.pop() == CLOSES[text]
    assert opened == []


@pytest.mark.parametrize(
    ("record", "functions"),
    [
        (HostReport, [("Get-Report", "report")]),
        (HostReport, [("Get-Shortened", "")]),
        (Socket, [("Get-SocketTable", "row"), ("Get-Aged", "row")]),
        (Neighbour, [("Get-NeighbourTable", "")]),
        (Link, [("Get-Link", "link")]),
        (Gateway, [("Get-Gateway", "gateway")]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_key_that_the_script_sends_is_one_that_the_server_reads(record, functions):
    found = set().union(*(sent(*function) for function in functions))
    assert required(record) <= found <= known(record)


def test_the_states_of_windows_become_the_servers_words():
    words = set(re.findall(r"return '(\w+)'", function("Get-StateWord")))
    assert words
    assert all(map(fields.is_known_state, words))


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("MostSockets", wire.MAX_SOCKETS),
        ("MostNeighbours", wire.MAX_NEIGHBOURS),
        ("MostLinks", wire.MAX_LINKS),
        ("MostAddresses", wire.MAX_ADDRESSES),
        ("MostGateways", wire.MAX_GATEWAYS),
        ("MostText", wire.MAX_TEXT),
        ("MostLabel", wire.MAX_LABEL),
    ],
)
def test_the_script_sends_no_more_than_the_server_takes(name, limit):
    assert int(re.search(rf"(?m)^\${name} = (\d+)", TEXT)[1]) == limit
    assert code().count(f"${name}") >= 2


def number(name):
    return float(re.search(rf"(?m)^\${name} = ([0-9.]+)", TEXT)[1])


def test_what_waited_is_sent_no_faster_than_the_server_takes_it():
    assert number("AtOnce") <= BURST
    assert number("AtOnce") / number("Poll") <= PER_SECOND
    assert number("MaxAge") <= wire.MAX_REPORT_AGE


def test_a_report_is_text_until_it_is_sent_and_gets_its_age_then():
    body = function("Get-Body")
    assert """'{"age_seconds":' + $seconds + ',' + $Json.Substring(1)""" in body
    assert "InvariantCulture" in body
    assert "age_seconds" not in function("Get-Report")


def test_the_script_knows_the_servers_word_for_a_heartbeat_that_it_cannot_take():
    """Or it would go on saying that nothing has changed."""
    word = re.search(r"409 -and \$text -match '(\w+)'", function("Send-Body"))[1]
    heartbeat = HostReport(version=1, device="pc", unchanged_since=15.0)
    with pytest.raises(Conflict, match=word):
        Hosts().report(heartbeat, 1_790_000_000.0)


def test_the_machine_has_the_same_identity_as_in_the_other_agent():
    identity = function("Get-MachineId")
    assert f"GetBytes('{host._PURPOSE.decode()}')" in identity
    assert "HMACSHA256" in identity
    assert "Substring(0, 32)" in identity


@pytest.mark.parametrize(
    "construct", [r"\?\?", r"&&", r"\|\|", r"\?\.", r"\) \? ", r"-Parallel", r"-AsHashtable"]
)
def test_windows_powershell_understands_it_too(construct):
    assert not re.search(construct, code())


ALIASES = [
    "iwr",
    "curl",
    "wget",
    "gps",
    "gci",
    "ls",
    "dir",
    "cat",
    "echo",
    "sleep",
    "select",
    "where",
    "sort",
    "sc",
    "rm",
    "cp",
]


@pytest.mark.parametrize("alias", ALIASES)
def test_commands_have_their_full_names(alias):
    assert not re.search(rf"(?mi)(?:^|[|;{{(=]\s*)\s*{alias}\b(?!\s*=)", code())


def test_every_function_that_is_called_is_there():
    defined = set(re.findall(r"(?m)^function ([A-Z]\w+-\w+)", TEXT))
    ours = {
        name
        for name in re.findall(r"\b([A-Z][a-z]+-[A-Z]\w+)\b", code())
        if name not in WINDOWS and not name.startswith("Microsoft")
    }
    assert ours == defined


WINDOWS = {
    *("Get-Process", "Get-CimInstance", "Get-NetUDPEndpoint", "Get-NetTCPConnection"),
    *("Get-NetNeighbor", "Get-Random", "Get-ScheduledTask", "Register-ScheduledTask"),
    *("New-ScheduledTaskAction", "New-ScheduledTaskPrincipal", "New-ScheduledTaskSettingsSet"),
    *("New-ScheduledTaskTrigger", "Start-ScheduledTask", "Stop-ScheduledTask"),
    *("Unregister-ScheduledTask", "New-Object", "New-Item", "Copy-Item", "Remove-Item"),
    *("Set-Content", "Set-StrictMode", "Start-Sleep", "Join-Path", "Resolve-Path", "Test-Path"),
    "ConvertTo-Json",
}


@pytest.mark.thorough
def test_the_launchd_job_starts_the_agent_again_whenever_it_ends():
    (file,) = (DEPLOY / "macos").glob("*.plist")
    job = plistlib.loads(file.read_bytes())
    assert job["Label"] == file.stem
    assert job["RunAtLoad"] is True
    assert job["KeepAlive"] is True
    program, *arguments = job["ProgramArguments"]
    assert Path(program).name == "knockwatch"
    assert arguments[-2:] == ["--server", "http://KNOCKWATCH:10151"]
    shown = subprocess.run(
        [sys.executable, "-m", "exporter", *arguments, "--print"], capture_output=True, check=True
    )
    assert wire.decode(shown.stdout).device
