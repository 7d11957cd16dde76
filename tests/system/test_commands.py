"""The one-shot commands against a server that runs."""

from tests.system.parts.exposition import total
from tests.system.parts.founding import DEVICE, NETSTAT, PROCESS, line
from tests.system.parts.knockwatch import free_port, run, serve
from tests.system.parts.process import until


def test_the_demo_ends_with_the_answer(tmp_path):
    with serve(tmp_path) as server:
        syslog = f"127.0.0.1:{server.syslog_port}"
        done = run("demo", "--server", server.url, "--syslog", syslog, "--seconds", "2")
    assert done.returncode == 0, done.stderr
    assert PROCESS in done.stdout
    assert "ANNA-PC" in done.stdout


def test_the_demo_without_a_server_says_what_it_needs():
    done = run("demo", "--server", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "knockwatch serve" in done.stdout + done.stderr


def test_health_is_an_exit_status(tmp_path):
    with serve(tmp_path) as server:
        config = tmp_path / "knockwatch.toml"
        assert run("healthcheck", "--config", config).returncode == 0
        assert server.process.stop() == 0
        assert run("healthcheck", "--config", config).returncode == 1


def test_the_doctor_names_what_is_wrong_and_is_an_exit_status(tmp_path):
    with serve(tmp_path) as server:
        idle = run("doctor", "--url", server.url)
        assert idle.returncode == 1
        assert "[listen]" in idle.stdout.splitlines()[0]  # it hears this machine alone
        server.send(line("23.45.67.89:3478"))
        until(lambda: total(server.metrics(), "knockwatch_messages_total") == 1, "the message")
        assert run("agent", "--server", server.url, "--once").returncode == 0
        well = run("doctor", "--config", tmp_path / "knockwatch.toml")
        assert well.returncode == 0, well.stdout
        assert "Nothing to do" in well.stdout.splitlines()[0]
        assert server.process.stop() == 0
    assert "knockwatch serve" in run("doctor", "--url", server.url).stdout


def test_one_line_and_a_netstat_text_name_the_program(tmp_path):
    sockets = tmp_path / "netstat.txt"
    sockets.write_text(NETSTAT)
    done = run("explain", line("23.45.67.89:3478"), "--sockets", sockets, "--device", DEVICE)
    assert done.returncode == 0, done.stderr
    for word in (PROCESS, DEVICE, "Akamai", "51413"):
        assert word in done.stdout


def test_the_agent_prints_what_it_would_send_and_sends_nothing():
    done = run("agent", "--server", f"http://127.0.0.1:{free_port()}", "--once", "--print")
    assert done.returncode == 0, done.stderr
    assert '"sockets"' in done.stdout
