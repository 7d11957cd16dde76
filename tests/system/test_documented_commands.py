"""Every command of the pages is run, here or by another test, or it is said why it cannot be.

A block is run in a fresh folder by `sh -eu`, against a server of its own. Stand-ins take the place
of what is somebody else's: a Windows PC's netstat prints a recorded text, `ssh` a router's table.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, Block, blocks
from tests.docs.test_cited import defined_tests
from tests.system.parts import web
from tests.system.parts.founding import DEVICE, NETSTAT, PROCESS
from tests.system.parts.knockwatch import Server, serve
from tests.system.parts.needs import needs

SHELLS = {"sh", "console", "bat", "powershell"}
SAMPLES = ROOT / "tests" / "sockets_text" / "samples"
TURN = 6  # seconds after which a command that goes on by itself has had its turn

# By which block's beginning → the test that runs it.
ELSEWHERE = {
    "make run\nmake test": "test_make_run_installs_once_and_says_what_to_do_next",
    "make run\n": "test_make_run_installs_once_and_says_what_to_do_next",
    "make demo": "test_the_demo_ends_with_the_answer",
    "docker compose up -d\n": "test_all_that_has_to_be_up_is_scraped",
    "docker compose stop\nfor volume": "test_the_documented_backup_brings_everything_back",
    "docker compose build\n": "test_the_documented_backup_brings_everything_back",
    "docker compose -f docker-compose.yml -f docker-compose.hostnet.yml": (
        "test_in_the_hosts_network_senders_addresses_are_seen"
    ),
    "docker compose exec alertmanager amtool": (
        "test_the_founding_case_reaches_ntfy_line_and_telegram"
    ),
    'new="-newkey': "test_the_documented_commands_make_certificates_that_are_heard",
    "make dashboards": "test_generated_files_are_fresh",
    "make lock": "test_the_sbom_holds_every_package_with_its_licence",
    "logger -n SERVER": "test_all_that_logger_sends_is_counted_exactly",
}
# By which block's beginning → why it is run nowhere.
NOWHERE = {
    "powershell ": "Windows; the script's grammar and words are held by tests/test_agent_files.py",
    "netstat -ano -b | clip": "the clipboard of Windows",
    "sudo cp deploy/macos": "macOS; the job is read by tests/test_agent_files.py",
    "pip install ": "installs from an index; what is installed is run by other tests",
    "git clone REPOSITORY": "the address of the repository is the reader's",
    "git pull": "changes the checkout",
    "docker compose restart alertmanager": "needs the stack; that it starts with secrets is tested",
    "docker buildx": "builds for another processor, which needs its emulation",
    "docker compose -f docker-compose.fleet.yml": "needs the image of Kafka",
    "echo 'net.core": "changes a setting of the whole machine",
    "acl()": "needs Kafka's own scripts; the permissions are tested with a real Kafka",
    "journalctl ": "needs a journal that lives; the pipe is tested as standard input",
    "sudo apt": "changes the machine; the units' commands are run by tests/system/test_systemd.py",
    "sudo cp /opt": "the same",
    "sudo cp -R /opt": "the same",
    "sudo systemctl": "the same",
    "cd /opt/knockwatch": "changes the machine",
    "tar xf prometheus": "programs from their makers' pages",
    "curl -X POST -g": "deletes from Prometheus, started for that with an option of its own",
}
STAND_INS = {
    "knockwatch": f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m exporter "$@"',
    "sudo": 'exec "$@"',
    "netstat": "cat ~/netstat.txt",
    "curl.exe": 'exec curl "$@"',
    "lsof": f'cat "{SAMPLES / "lsof-linux.txt"}"',
    "ssh": f'cat "{SAMPLES / "conntrack.txt"}"',
}


def bare(block: Block) -> str:
    """Return a block's commands without remarks, prompts and folded lines."""
    text = block.text.replace("\\\n", " ")
    return re.sub(
        r"[ \t]+#.*$", "", re.sub(r"^\$ ", "", text, flags=re.MULTILINE), flags=re.MULTILINE
    )


BLOCKS = [block for page in PAGES for block in blocks(page) if block.language in SHELLS]


def listed(block: Block, among: dict[str, str]) -> str | None:
    text = bare(block)
    return next((what for start, what in among.items() if text.startswith(start)), None)


HERE = [block for block in BLOCKS if not listed(block, ELSEWHERE) and not listed(block, NOWHERE)]


def test_the_other_tests_are_there():
    assert set(ELSEWHERE.values()) <= defined_tests()


@pytest.mark.parametrize("which", [ELSEWHERE, NOWHERE], ids=["elsewhere", "nowhere"])
def test_nothing_is_listed_that_no_page_has(which):
    texts = [bare(block) for block in BLOCKS]
    assert [start for start in which if not any(text.startswith(start) for text in texts)] == []


def test_every_target_of_make_that_a_page_names_is_there():
    told = "\n".join(page.read_text("utf-8") for page in PAGES)
    named = set(re.findall(r"`make ([a-z]+)", told)) | set(
        re.findall(r"^make ([a-z]+)", told, re.MULTILINE)
    )
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named <= targets


def stand_ins(folder: Path) -> Path:
    """Write the commands that take the place of others."""
    folder.mkdir()
    for name, script in STAND_INS.items():
        file = folder / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
    return folder


def run(block: Block, server: Server, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a block; one that goes on by itself is ended after its turn, as by Ctrl-C."""
    text = bare(block).replace("http://KNOCKWATCH:10151", server.url)
    text = text.replace("%COMPUTERNAME%", DEVICE)
    (folder / "netstat.txt").write_text(NETSTAT)
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
    return "agent --server" in block.text and "--print" not in block.text


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
        if goes_on(block) or "/sockets/" in block.text:
            assert "knockwatch_device_info{" in server.metrics()
    told = f"{done.stdout}{done.stderr}"
    assert "Traceback" not in told
    expected = 124 if goes_on(block) else 1 if "doctor" in block.text else 0
    assert done.returncode == expected, told  # the doctor of a new server has something to say
    if "explain" in block.text:
        assert PROCESS in done.stdout
