"""The founding case: the lines of the router, and what the Windows PC says about its sockets."""

ROUTER = "home-router"
DEVICE = "ANNA-PC"
PROCESS = "netsession_win.exe"
PORT = 51413

NETSTAT = f"""
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       964
  RpcSs
 [svchost.exe]
  TCP    192.168.1.10:50211     192.0.2.20:443         ESTABLISHED     7320
 [chrome.exe]
  UDP    0.0.0.0:5353           *:*                                    2040
  Dnscache
 [svchost.exe]
  UDP    0.0.0.0:{PORT}          *:*                                    4711
 [{PROCESS}]
"""


def line(remote: str, port: int = PORT, transport: str = "UDP") -> str:
    """Return what the router says about one refused packet; `remote` is `address:port`."""
    return f"{transport} connection rejected from {remote} to 203.0.113.9:{port}"


def message(remote: str, port: int = PORT, transport: str = "UDP") -> str:
    """Return the same as a syslog message of that router."""
    return f"<5>Nov 23 01:14:21 {ROUTER} FIREWALL: {line(remote, port, transport)}"


def flood(count: int) -> list[str]:
    """Return that many messages of the case: one content network, many of its servers."""
    return [message(f"23.45.67.{1 + number % 200}:3478") for number in range(count)]
