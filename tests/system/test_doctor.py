"""Faults made on purpose, against a real `serve`: the doctor names each, and what to do then."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.system.parts import web
from tests.system.parts.exposition import total
from tests.system.parts.founding import flood, line
from tests.system.parts.knockwatch import ROOT, Server, run, serve, serve_in
from tests.system.parts.lab import home
from tests.system.parts.lab import run as command
from tests.system.parts.needs import needs
from tests.system.parts.process import until

CRON = "<78>Nov 23 01:17:01 nas CRON[815]: (root) CMD (run-parts /etc/cron.hourly)"
UNKNOWN = "<4>Nov 23 01:14:21 acme fw: NO 198.51.100.{}/53 -> 203.0.113.9/4000"


def ask(server: Server, *options: str) -> tuple[str, str, int]:
    """Return the next step, all that is said, and the exit status."""
    done = run("doctor", "--url", server.url, *options)
    step, _, _ = done.stdout.partition("\n")
    return step, done.stdout, done.returncode


def hear(server: Server, *lines: str) -> None:
    before = total(server.metrics(), "knockwatch_messages_total")
    server.send(*lines)
    arrived = before + len(lines)
    until(lambda: total(server.metrics(), "knockwatch_messages_total") == arrived, "lines")


def at(moment: datetime, text: str) -> str:
    return f"<5>1 {moment.isoformat()} home-router fw - - - {text}"


def test_a_sender_that_may_not_send(tmp_path):
    with serve(tmp_path, more='allowed_senders = ["192.0.2.0/24"]\n') as server:
        server.send(*flood(3))
        dropped = "knockwatch_dropped_messages_total"
        until(lambda: total(server.metrics(), dropped) == 3, "refused lines")
        step, told, status = ask(server)
    assert "allowed_senders" in step
    assert "fail" in told
    assert status == 1


def test_a_dialect_that_nobody_knows(tmp_path):
    with serve(tmp_path) as server:
        hear(server, *(UNKNOWN.format(number) for number in range(1, 20)))
        step, told, status = ask(server)
    assert "docs/own-dialects.md" in step
    assert "100 % were not understood" in told
    assert status == 1


def test_a_dialect_that_the_configuration_has_wrong(tmp_path):
    rule = '[[router]]\nname = "gate"\naddresses = ["127.0.0.1"]\ndialect = "mikrotik"\n'
    with serve(tmp_path, more=rule) as server:
        hear(server, *flood(9))
        step, told, status = ask(server)
    assert "Take dialect out of the [[router]] of gate" in step
    assert "mikrotik" in told
    assert status == 1


def test_a_computer_that_logs_here_is_no_fault_beside_a_router_and_one_alone(tmp_path):
    with serve(tmp_path) as server:
        hear(server, *[CRON] * 9)
        step, told, _ = ask(server)
        assert "If nas is your router" in step
        assert "fail" in told
        hear(server, *flood(3))
        step, told, _ = ask(server)
    assert "nas" in told
    assert "nas" not in step
    assert "fail" not in told


@pytest.mark.parametrize("hours", [2, -9])
def test_a_clock_that_is_wrong(tmp_path, hours):
    wrong = datetime.now(UTC) + timedelta(hours=hours)
    with serve(tmp_path) as server:
        hear(server, *[at(wrong, line("198.51.100.7:53"))] * 9)
        step, told, status = ask(server)
        japanese, _, _ = ask(server, "--lang", "ja")
    assert "Set the clock and the time zone of home-router" in step
    assert ("ahead" if hours > 0 else "behind") in told
    assert "NTP" in japanese
    assert "次にすること" in japanese
    assert status == 1


def test_lines_that_do_not_say_what_became_of_the_packet(tmp_path):
    packet = "<4>Nov 23 01:14:21 gw kernel: IN-NEW IN=eth0 OUT= SRC=198.51.100.7 DST=203.0.113.9"
    with serve(tmp_path) as server:
        hear(server, *[f"{packet} PROTO=TCP SPT=99 DPT=23"] * 5)
        step, _, status = ask(server)
    assert "[router.meanings]" in step
    assert status == 1


def test_an_agent_without_its_token_and_one_that_ended(tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("correct-horse-battery-staple-1234567890\n")
    with serve(tmp_path, more=f'[tokens]\nfile = "{tokens}"\n') as server:
        hear(server, line("198.51.100.7:53"))
        assert "knockwatch agent" in ask(server)[0]  # nobody has tried yet
        assert run("agent", "--server", server.url, "--once").returncode == 1
        step, told, _ = ask(server)
        assert "token" in step
        assert "Reports that were refused: 1." in told
        report = ["agent", "--server", server.url, "--once", "--interval", "1"]
        sent = run(*report, "--device", "BEN", "--token-file", str(tokens))
        assert sent.returncode == 0, sent.stderr
        step = until(lambda: "BEN" in (found := ask(server)[0]) and found, "a silent agent")
    assert "If BEN is switched on, start its agent again" in step


def test_nobody_who_reads_the_metrics(tmp_path):
    with serve(tmp_path) as server:
        server.send(*[line("198.51.100.7:53")] * 3)
        assert run("agent", "--server", server.url, "--once").returncode == 0
        until(lambda: web.get_json(f"{server.url}/api/v1/suspects")["packets"] == 3, "packets")
        assert "Prometheus" in ask(server)[0]
        server.metrics()
        assert "Nothing to do" in ask(server)[0]


@needs("namespaces")
def test_a_firewall_before_the_port_and_a_device_without_an_agent(tmp_path):
    with home() as lab, serve_in(lab.name("box"), tmp_path):

        def inside(*arguments: str) -> str:
            node = ["ip", "netns", "exec", lab.name("pc")]
            argv = [*node, sys.executable, "-m", "exporter", *arguments]
            done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
            return done.stdout + done.stderr

        url = "http://192.168.1.2:10151"
        until(lambda: "Port 5514" in inside("doctor", "--url", url), "an open port")
        chain = "type filter hook input priority 0; th dport 5514 drop;"
        rule = f"table inet shut {{ chain in {{ {chain} }}; }}"
        command("ip", "netns", "exec", lab.name("box"), "nft", rule)
        told = inside("doctor", "--url", url)
        assert "Let the firewall of 192.168.1.2 pass" in told.splitlines()[0]
        state = str(tmp_path / "agent")
        inside("agent", "--server", url, "--once", "--device", "PC", "--state-dir", state)
        told = inside("doctor", "--url", url)
        assert "No agent runs on these devices of the home: 192.168.1.2." in told
