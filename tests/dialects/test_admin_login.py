import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialects import admin_login
from exporter.events import Event
from exporter.syslog import header

ADDRESSES = ("198.51.100.7", "2001:db8::7")


def parse(line: str) -> Event | None:
    message = header.read(line.encode("utf-8", "replace"), 0.0)
    return admin_login.parse(message) if admin_login.claims(message) else None


NAMES = (
    "root",
    "",
    "a b",
    "x from 192.0.2.1:1",
    "o'neill",
    "Exit before auth from <192.0.2.1:1>: Max auth tries reached",
    "authentication failure; rhost=192.0.2.1 ",
    "Bad password attempt for 'x' from 192.0.2.1:1",
)


@pytest.mark.parametrize("ip", ADDRESSES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "line",
    [
        "dropbear[1]: Bad password attempt for '{name}' from {ip}:50000",
        "dropbear[1]: bad PAM password attempt for '{name}' from {ip}:50000",
        "Bad password attempt for '{name}' from {ip}:50000",
        "dropbear[1]: [1] Nov 10 14:51:03 Bad password attempt for '{name}' from {ip}:50000",
        "dropbear: Exit before auth (user '{name}', 3 fails): x - user '{name}' from {ip}:50000",
        "dropbear: Exit before auth from <{ip}:50000>: (user '{name}', 3 fails): Exited normally",
        "sshd[1]: Failed password for {name} from {ip} port 50000 ssh2",
        "sshd: Failed keyboard-interactive/pam for invalid user {name} from {ip} port 50000 ssh2",
        "sshd[1]: Invalid user {name} from {ip} port 50000",
    ],
)
def test_the_source_is_the_peers_whatever_the_user_is_called(line, name, ip):
    event = parse(line.format(name=name, ip=ip))
    assert event == Event(kind="login_failure", source_ip=ip, source_port=50000)


@pytest.mark.parametrize(
    "line",
    [
        "webui[1]: pam_unix(webui:auth): authentication failure; logname= ruser= rhost={} user=x",
        "pvedaemon[1]: authentication failure; rhost={} user=root@pam msg=Authentication failure",
        "%%10WEB/4/WEBOPT_LOGIN_FAIL(l): x failed to log in from {}",
        "Connection: User [x] from [{}] failed to log in via [DSM] due to authorization failure.",
        "uhttpd[1]: [info] luci: failed login on / for root from {}",
        "httpd: Detect abnormal logins at 5 times. The newest one was from {} in HTTPS login.",
        "sshd[1]: User x from {} not allowed because not listed in AllowUsers",
    ],
)
@pytest.mark.parametrize("ip", ADDRESSES)
def test_lines_without_a_port_name_the_source(line, ip):
    assert parse("Nov 10 14:51:01 gateway " + line.format(ip)) == Event(
        kind="login_failure", source_ip=ip
    )


def test_mapped_addresses_are_ipv4():
    event = parse("dropbear: login attempt for nonexistent user from ::ffff:198.51.100.7:604")
    assert event == Event(kind="login_failure", source_ip="198.51.100.7", source_port=604)


def test_a_sum_is_a_count():
    line = "sshd[1]: PAM 2 more authentication failures; tty=ssh ruser= rhost=198.51.100.7  user=x"
    assert parse(line) == Event(kind="login_failure", source_ip="198.51.100.7", count=2)


def test_a_cut_or_nameless_source_is_left_out():
    failure = Event(kind="login_failure")
    assert parse("sshd[1]: Failed password for inval") == failure
    assert parse("sshd[1]: Failed password for x from") == failure
    assert parse("sshd[1]: Failed password for x from router.example.com port 7 ssh2") == failure
    assert (
        parse("dropbear: Exit before auth (user 'x from 192.0.2.1:1', 3 fails): Exited") == failure
    )
    assert parse("Nov 10 14:51:01 nas x: authentication failure; logname=") == failure


@pytest.mark.parametrize(
    "line",
    [
        "sshd[1]: Accepted password for root from 192.0.2.3 port 5 ssh2",
        "sshd[1]: Connection closed by 192.0.2.3 port 5 [preauth]",
        "dropbear[1]: Exit before auth from <192.0.2.3:5>: Exited normally",
        "dropbear[1]: Exit before auth (user 'root', 0 fails): Disconnect received",
        "dropbear[1]: Child connection from 192.0.2.3:5",
        "Exit (admin): Disconnect received",
        "syslog: HTTP log in from LAN: 192.0.2.3",
        "uhttpd[1]: [info] luci: accepted login on / for root from 192.0.2.3",
        "Connection: User [x] from [192.0.2.3] logged in successfully via [DSM].",
        "Nov 10 14:51:01 switch %%10WEB/4/WEBOPT_LOGIN_SUC(l): x logged in from 192.0.2.3",
    ],
)
def test_what_did_not_fail_is_other(line):
    assert parse(line) == Event(kind="other")


@pytest.mark.parametrize(
    "line",
    [
        "kernel: failed to log in from 192.0.2.3",
        "mydaemon: logged in",
        "sshd: SSHD_LOGIN_FAILED: x",
    ],
)
def test_other_lines_are_left_alone(line):
    assert parse(line) is None


@given(
    st.text(),
    st.sampled_from(["", "Bad password attempt for ", "Failed x for ", "Exit before auth "]),
)
def test_any_text_is_an_event(text, front):
    for name in ("dropbear", "sshd"):
        message = header.read(f"{name}[1]: {front}{text}".encode("utf-8", "replace"), 0.0)
        assert isinstance(admin_login.parse(message), Event)
