"""Who failed to log in to the device itself: dropbear, sshd, PAM, LuCI, Synology, HP.

    dropbear[40]: Bad password attempt for 'root' from 203.0.113.9:5543
    sshd[41]: Failed password for invalid user admin from 203.0.113.9 port 5454 ssh2
    synoscgi[42]: pam_unix(webui:auth): authentication failure; logname= … rhost=203.0.113.9
    %%10WEB/4/WEBOPT_LOGIN_FAIL(l): admin failed to log in from 203.0.113.9

The user's name is the attacker's free text and may hold " from " and an address: where it stands
before the address, the last counts, where it stands behind, the first. Log-ins that succeed and
connections that end are `other`. Sources: dropbear's svr-auth*.c and svr-session.c, OpenSSH's
auth.c, pam_unix, LuCI's dispatcher.lua.
"""

import re

from exporter.dialects import Dialect, fields, programs
from exporter.events import Event, SyslogMessage

_NAMES = frozenset({"dropbear", "sshd", "sshd-session", "login"})
_SIGNS = (
    *("authentication failure", "failed to log in", "failed to login"),
    *("login on /", "HTTP log in from", "abnormal logins", "logged in successfully via"),
)
_BARE = (  # dropbear's words without its tag
    *("Bad password attempt", "bad password attempt", "Bad PAM password attempt"),
    *("Login attempt ", "login attempt ", "Exit before auth", "Exit (", "Child connection from "),
    *("Password auth succeeded for ", "Pubkey auth succeeded for "),
)
# Each form is matched from its beginning: a user's name may hold the words of another.
_DROPBEAR = re.compile(
    r"(?:bad (?:PAM )?password attempt for|login attempt (?:with wrong user|for nonexistent user))",
    re.IGNORECASE,
)
_EXIT = re.compile(
    r"Exit before auth(?:[ \t]++from[ \t]++<(?P<endpoint>[^>\s]{1,80}+)>)?", re.IGNORECASE
)
_DOUBLED = re.compile(r"\[[0-9]{1,10}+\] [A-Z][a-z]{2} [ 0-9:]{11} ++")  # pid and stamp once more
_FAILS = re.compile(
    r"Max auth tries reached|[ (,]0*+[1-9][0-9]{0,6}+ fails?(?![a-z])", re.IGNORECASE
)
_SSHD = re.compile(
    r"(?:error: )?(?:PAM: )?(?:Failed \S{1,64}+ for |(?:Invalid|Illegal) user |ROOT LOGIN REFUSED |"
    r"Authentication failure for |"
    r"maximum authentication attempts exceeded |User .{0,255}? not allowed because )",
    re.IGNORECASE | re.DOTALL,
)
_PAM = re.compile(
    r"(?:pam_[a-z0-9_]{1,32}+\([^)]{0,64}+\): *+|PAM )?+(?:(?P<count>[0-9]{1,6}+) more )?"
    r"authentication failures?;",
    re.IGNORECASE,
)
_RHOST = re.compile(r"rhost=(?P<ip>[^\s,;]{0,80}+)")
_WORDS = (
    *("failed to log in", "failed to login", "failed login ", "invalid password for"),
    "detect abnormal logins",
)


def claims(message: SyslogMessage) -> bool:
    """Tell whether the line is about logging in to the device."""
    name = message.app_name
    if name in _NAMES:
        return "SSHD_LOGIN_" not in message.text  # Junos has its own words
    if name in ("kernel", "CheckPoint"):
        return False
    text = message.text
    if (
        name is not None
        and ("log" in text or "rhost=" in text)
        and any(sign in text for sign in _SIGNS)
    ):
        return True
    if name is None and text.startswith(_BARE):
        return True
    return programs.hidden(message) in _NAMES or _is_comware(name)


def parse(message: SyslogMessage) -> Event:
    """Read who failed to log in, as far as the line says it."""
    says = programs.words(message, programs.hidden(message) or message.app_name or "")
    says = fields.single_spaced(says)
    if doubled := _DOUBLED.match(says):
        says = says[doubled.end() :]
    if pam := _PAM.match(says):
        rhost = _RHOST.search(says, pam.end())
        count = fields.port(pam["count"] or "")
        ip = fields.address(rhost["ip"].strip("[]'\"")) if rhost else None
        return Event(kind="login_failure", source_ip=ip, count=count or None)
    if _DROPBEAR.match(says):
        return _failure(*_last(says.rpartition("'")[2], with_port=True))
    if left := _EXIT.match(says):
        if not _FAILS.search(says, left.end()):
            return Event(kind="other")
        if left["endpoint"]:
            return _failure(*_endpoint(left["endpoint"], with_port=True))
        return _failure(*_last(says.rpartition("'")[2], with_port=True))
    lower = says.lower()
    failed = _is_comware(message.app_name) and "FAIL" in (message.app_name or "")
    if failed or _SSHD.match(says) or any(words in lower for words in _WORDS):
        return _failure(*_last(says, with_port=False))
    return Event(kind="other")


def _is_comware(tag: str | None) -> bool:
    """Tell whether the tag is `%%10MODULE/severity/MNEMONIC` and about logging in."""
    return tag is not None and tag.startswith("%%10") and ("LOGIN" in tag or "AUTH" in tag)


def _failure(ip: str | None, port: int | None) -> Event:
    return Event(kind="login_failure", source_ip=ip, source_port=port if ip else None)


def _last(text: str, *, with_port: bool) -> tuple[str | None, int | None]:
    """Read what follows the last "from" of the line."""
    at = max(text.rfind(" from "), text.rfind(" from:"), text.rfind(" FROM "))
    words = text[at + 6 :].split(None, 3) if at >= 0 else []
    if not words:
        return None, None
    ip, port = _endpoint(words[0], with_port=with_port)
    if port is None and len(words) > 2 and words[1].lower() == "port":
        port = fields.port(words[2].rstrip(".,:;"))
    return ip, port


def _endpoint(text: str, *, with_port: bool) -> tuple[str | None, int | None]:
    """Read an address, `address:port` or `[address]:port`; dropbear always prints the port."""
    text = text.rstrip(".,:;)").strip("<>'\"")
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return fields.address(host), fields.port(rest.removeprefix(":"))
    host, colon, port = text.rpartition(":")
    if colon and (with_port or "." in host) and (ip := fields.address(host)):
        return ip, fields.port(port)
    return fields.address(text), None


DIALECT = Dialect(
    "admin_login",
    "dropbear, OpenSSH, PAM, LuCI; Synology DSM, HP switches, ASUS, Broadcom",
    claims,
    parse,
    examples=(
        "dropbear[1335]: Bad password attempt for 'root' from 198.51.100.7:60588",
        "sshd[2211]: Failed password for invalid user admin from 198.51.100.7 port 40022 ssh2",
        "uhttpd[1399]: [info] luci: failed login on / for root from 192.168.1.5",
        (
            "sshd[2211]: PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh "
            "ruser= rhost=198.51.100.7  user=root"
        ),
    ),
)
