"""Every command of the pages is run, here or by another test, or it is said why it cannot be.

A block is run in a fresh folder by `sh -eu`, against a server of its own; the folders of a machine
lie in that folder, too. Stand-ins take the place of what is somebody else's: a Windows PC's netstat
prints a recorded text, `ssh` a router's table, and what would change the machine looks whether it
was given what is there.
"""

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from exporter.commands.options import parser
from tests.docs.pages import PAGES, ROOT, Block, blocks, name_of, prose
from tests.docs.test_cited import defined_tests
from tests.docs.test_pages import SHELLS
from tests.system.parts import web
from tests.system.parts.exposition import total
from tests.system.parts.founding import DEVICE, NETSTAT, PROCESS
from tests.system.parts.knockwatch import Server, serve
from tests.system.parts.needs import needs
from tests.system.parts.process import until

SAMPLES = ROOT / "tests" / "sockets_text" / "samples"
MAIN = "docker-compose.yml"
TURN = 6  # seconds after which a command that goes on by itself has had its turn

# What is run by another test, each command as a whole.
ELSEWHERE = {
    "make run": "test_make_run_installs_once_and_says_what_to_do_next",
    "make demo": "test_make_demo_ends_with_the_answer",
    "make dashboards": "test_generated_files_are_fresh",
    "make preview": "test_the_wall_fits_and_its_verdict_is_not_cut",
    "make sbom": "test_the_sbom_holds_every_package_with_its_licence",
    "make wheel": "test_the_wheel_is_small_and_the_same_bytes_each_time",
    "docker compose up -d": "test_all_that_has_to_be_up_is_scraped",
    "docker compose --profile demo up -d demo": (
        "test_the_founding_case_brings_one_message_that_names_who_and_what"
    ),
    "docker compose -f docker-compose.yml -f docker-compose.hostnet.yml up -d": (
        "test_in_the_hosts_network_senders_addresses_are_seen"
    ),
    "docker compose -f docker-compose.fleet.yml up -d": (
        "test_the_founding_case_is_counted_and_named_whatever_goes_away"
    ),
    "docker compose exec alertmanager amtool --alertmanager.url=http://127.0.0.1:9093 alert add"
    ' Trial severity=critical topic=trial --annotation=title="A trial"'
    ' --annotation=summary="It works."': "test_the_documented_trial_arrives_everywhere",
    "knockwatch agent --server http://KNOCKWATCH:10151 --upnp": (
        "test_a_packet_to_a_mapped_port_is_laid_at_the_door_of_who_asked_for_it"
    ),
    "knockwatch relay --config /etc/knockwatch/knockwatch.toml": (
        "test_lines_and_reports_arrive_with_their_site_signed_and_in_order"
    ),
}
# The blocks under a heading that a test reads and runs as they stand.
READ = {
    ("docs/docker.md", "Backup"): "test_the_documented_backup_brings_everything_back",
    ("docs/docker.md", "Restore"): "test_the_documented_backup_brings_everything_back",
    ("docs/inputs.md", "TLS"): "test_the_documented_commands_make_certificates_that_are_heard",
}
# What is run nowhere, and why.
NOWHERE = {
    "make test": "is what runs this",
    "make lock": "asks an index",
    "make audit": "asks for advisories; what it makes of the answers is tested",
    "powershell -NoProfile -ExecutionPolicy Bypass -File .\\knockwatch-agent.ps1"
    " -Server http://KNOCKWATCH:10151 -Print": "Windows: see tests/test_agent_files.py",
    "netstat -ano -b | clip": "the clipboard of Windows",
    "sudo launchctl bootstrap system /Library/LaunchDaemons/knockwatch.agent.plist": (
        "macOS: see tests/test_agent_files.py"
    ),
    "docker compose up -d --build": "asks an index",
    "docker compose restart alertmanager": "needs the stack; that it starts with files is tested",
    "docker buildx build --platform linux/amd64,linux/arm64 --tag knockwatch:0.1.0 .": (
        "builds for another processor, which needs its emulation"
    ),
    "sudo sysctl --system && docker compose restart exporter": "a setting of the whole machine",
    "journalctl --follow --no-tail --quiet --output=short-iso"
    " --cursor-file=/var/lib/knockwatch/cursor SYSLOG_IDENTIFIER=kernel"
    " | knockwatch serve --config knockwatch.toml": "needs a journal; the pipe is tested",
    "curl -X POST -g 'http://localhost:9090/api/v1/admin/tsdb/delete_series?match[]="
    '{device="ANNA-PC"}\'': "deletes from Prometheus, started for that with an option of its own",
    "curl -X POST http://localhost:9090/api/v1/admin/tsdb/clean_tombstones": "the same",
}
# Kafka's own scripts; the permissions are tested with a real Kafka.
KAFKAS = ("acl() { kafka-acls.sh ", "acl --allow-principal ")
# The folders of a machine that a block may write to or read, below the block's own.
FOLDERS = ["/etc/knockwatch", "/etc/default", "/etc/systemd/system", "/etc/sysctl.d"]
FOLDERS += ("/Library/LaunchDaemons", "/usr/local/bin", "/var/lib/private/knockwatch")
MOVED = re.compile(r"(?<![\w$/.])/(?=etc/|Library/|usr/local/|var/lib/)")
UNITS = ROOT / "deploy" / "systemd"
DOWNLOADED = {
    "prometheus-3.5.3.linux-arm64": ("prometheus", "promtool"),
    "alertmanager-0.33.1.linux-arm64": ("alertmanager", "amtool"),
}
STAND_INS = {
    "knockwatch": f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m exporter "$@"',
    "sudo": 'exec "$@"',
    "netstat": "cat ~/netstat.txt",
    "curl.exe": 'exec curl "$@"',
    "lsof": f'cat "{SAMPLES / "lsof-linux.txt"}"',
    "ssh": f'cat "{SAMPLES / "conntrack.txt"}"',
    "apt": '[ "$1" = install ]',
    "git": 'case "$1" in clone) mkdir -p "$3" ;; pull|checkout) ;; *) exit 1 ;; esac',
    # The last word is a folder with a project; a constraint is a file.
    "pipx": (
        'case "$*" in uninstall*) exit ;; *--constraint*) file="${*##*--constraint }" ;; esac\n'
        '[ -e "$(set -- ${file-/}; echo $1)" ] || exit 1; last="${*##* }"\n'
        '[ -e "${last%%[[]*}/pyproject.toml" ]'
    ),
    # Nothing is removed, but it has to be there.
    "rm": 'for each; do case "$each" in -*) ;; *) [ -e "$each" ] || exit 1 ;; esac; done',
    # Each unit that is named has been put in its place, but Grafana's, which is its package's.
    "systemctl": 'shift; for each; do case "$each" in -*|*\\*|grafana-server) ;; '
    '*) [ -e ~/etc/systemd/system/"${each%.service}.service" ] || exit 1 ;; esac; done',
}


def commands(block: Block) -> list[str]:
    """Return a block's commands, without remarks and prompts; a loop is one."""
    text = re.sub(r"^\$ ", "", block.text.replace("\\\n", " "), flags=re.MULTILINE)
    text = re.sub(r"[ \t]+#.*$", "", text, flags=re.MULTILINE)
    return [*filter(None, re.split(r"\n(?![ \t]|done\b)", text.strip()))]


def one_line(command: str) -> str:
    return " ".join(command.split())


def heading(block: Block) -> str:
    """Return the heading under which a block stands."""
    before = (ROOT / block.page).read_text("utf-8").splitlines()[: block.line]
    return next(line for line in reversed(before) if line.startswith("#")).strip("# ")


BLOCKS = [block for page in PAGES for block in blocks(page) if block.language in SHELLS]
FIRST = {(block.page, heading(block)): block for block in reversed(BLOCKS)}


def here(block: Block) -> list[str]:
    """Return what of a block is run here."""
    if FIRST[block.page, heading(block)] == block and (block.page, heading(block)) in READ:
        return []
    found = (one for one in commands(block) if not one_line(one).startswith(KAFKAS))
    return [one for one in found if one_line(one) not in ELSEWHERE | NOWHERE]


HERE = [block for block in BLOCKS if here(block)]


def test_the_other_tests_are_there():
    assert set(ELSEWHERE.values()) | set(READ.values()) <= defined_tests()


def test_nothing_is_listed_that_no_page_has():
    told = {one_line(command) for block in BLOCKS for command in commands(block)}
    assert set(ELSEWHERE | NOWHERE) - told == set()
    assert set(READ) - set(FIRST) == set()
    assert all(any(one.startswith(start) for one in told) for start in KAFKAS)


def test_every_target_of_make_that_a_page_names_is_there():
    told = "\n".join(page.read_text("utf-8") for page in PAGES)
    named = set(re.findall(r"`make ([a-z]+)", told)) | set(
        re.findall(r"^make ([a-z]+)", told, re.MULTILINE)
    )
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named <= targets


def named(page: Path, program: str) -> list[list[str]]:
    """Return the words of each command of a program, those in the text of a page too."""
    texts = [one for one in re.findall(r"`([^`]+)`", prose(page)) if "…" not in one]
    texts += [one for block in blocks(page) if block.language in SHELLS for one in commands(block)]
    ours = (one_line(text) for text in texts if one_line(text).startswith(f"{program} "))
    return [shlex.split(re.split(r" [|;&]", text)[0])[len(program.split()) :] for text in ours]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_command_of_ours_that_a_page_names_can_be_written(page):
    names = "serve relay agent replay explain check healthcheck doctor forget demo token"
    whole = parser(dict.fromkeys(names.split(), int))
    [known] = [each.choices for each in whole._actions if each.choices]
    for words in named(page, "knockwatch"):
        command = known.get(words[0], whole)
        told = [word for word in words if word.startswith("-") or command is whole]
        assert set(told) <= set(command._option_string_actions), words
    for words in named(page, "python -m"):
        assert importlib.util.find_spec(words[0]), words


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_a_page_gives_to_compose_is_there(page):
    for words in named(page, "docker compose"):
        files, profiles, rest = [], set(), iter(words)
        for word in rest:
            if word in ("-f", "--profile"):
                (files.append if word == "-f" else profiles.add)(next(rest))
            else:
                break  # at the verb
        texts = ((ROOT / file).read_text() for file in files or [MAIN])
        read = [yaml.safe_load(re.sub(r"!(override|reset)", "", text)) for text in texts]
        services = {name: about for one in read for name, about in one["services"].items()}
        assert profiles - {"*"} <= {
            name for one in services.values() for name in one.get("profiles", ())
        }
        told = [word for word in rest if not word.startswith("-") and word != "HUP"]
        assert set(told[:1]) <= set(services), words


def stand_ins(folder: Path) -> Path:
    """Write the commands that take the place of others."""
    folder.mkdir()
    for name, script in STAND_INS.items():
        file = folder / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
    return folder


def furnish(folder: Path, text: str) -> None:
    """Make what a block finds on a machine: folders, what was downloaded, units of before."""
    (folder / "netstat.txt").write_text(NETSTAT)
    (folder / "pyproject.toml").touch()
    for place in FOLDERS:
        (folder / place[1:]).mkdir(parents=True)
    for archive, programs in DOWNLOADED.items() if "tar xf" in text else ():
        (folder / archive).mkdir()
        for program in programs:
            (folder / archive / program).touch()
        argv = ["tar", "-czf", f"{archive}.tar.gz", archive]
        subprocess.run(argv, cwd=folder, check=True)
    if "sudo cp" not in text:
        for unit in UNITS.glob("*.service"):
            (folder / "etc/systemd/system" / unit.name).write_bytes(unit.read_bytes())


def run(block: Block, server: Server, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a block; one that goes on by itself is ended after its turn, as by Ctrl-C."""
    text = "\n".join(here(block))
    furnish(folder, text)
    text = MOVED.sub(f"{folder}/", text).replace("/opt/knockwatch", str(ROOT))
    text = re.sub(r"(?<= )deploy/", f"{ROOT}/deploy/", text)
    text = text.replace("http://KNOCKWATCH:10151", server.url).replace("%COMPUTERNAME%", DEVICE)
    text = text.replace("-n SERVER -P 514", f"-n 127.0.0.1 -P {server.syslog_port}")
    environment = {
        "PATH": f"{stand_ins(folder / 'bin')}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "KNOCKWATCH_CONFIG": str(folder.parent / "knockwatch.toml"),
    }
    turn = TURN if goes_on(block) else 60
    return subprocess.run(
        ["timeout", "--signal=INT", str(turn), "sh", "-eu", "-c", text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def goes_on(block: Block) -> bool:
    return any("agent --server" in one and "--print" not in one for one in here(block))


@pytest.mark.system
@needs("curl")
@pytest.mark.parametrize("block", HERE, ids=lambda block: f"{block.page}:{block.line}")
def test_a_documented_command_works(block, tmp_path):
    folder = tmp_path / "fresh"
    folder.mkdir()
    with serve(tmp_path) as server:
        if "forget" in block.text:
            web.post(f"{server.url}/api/v1/sockets/{DEVICE}", NETSTAT.encode())
        done = run(block, server, folder)
        assert "agent --server" in here(block)[-1] or not goes_on(block)
        if goes_on(block) or "/sockets/" in block.text:
            assert "knockwatch_device_info{" in server.metrics()
        if "logger" in block.text:
            until(lambda: total(server.metrics(), "knockwatch_rejected_packets_total") == 1, "it")
    told = f"{done.stdout}{done.stderr}"
    assert "Traceback" not in told
    expected = 124 if goes_on(block) else 1 if "doctor" in block.text else 0
    assert done.returncode == expected, told  # the doctor of a new server has something to say
    if "explain" in block.text:
        assert PROCESS in done.stdout
