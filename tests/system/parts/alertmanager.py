"""A real Alertmanager, started by our start.sh, and alerts as Prometheus would post them."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.system.parts import web
from tests.system.parts.process import Process, started, until
from tests.system.parts.prometheus import binary

DEPLOY = Path(__file__).parents[3] / "deploy" / "alertmanager"
# Short enough for a test, long enough for alerts that are posted together to arrive together.
QUICK = {
    "KNOCKWATCH_GROUP_WAIT": "1s",
    "KNOCKWATCH_GROUP_INTERVAL": "1s",
    "KNOCKWATCH_NIGHT": "off",
}


class Alertmanager(NamedTuple):
    """A running Alertmanager."""

    url: str
    process: Process

    def post(self, *alerts: dict[str, Any]) -> None:
        """Give it alerts, in one request."""
        body = json.dumps(alerts).encode()
        answer = web.post(f"{self.url}/api/v2/alerts", body, kind="application/json")
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {answer.text}")

    def state(self) -> dict[str, str]:
        """Return by their names whether alerts are active or suppressed."""
        alerts = web.get_json(f"{self.url}/api/v2/alerts")
        return {alert["labels"]["alertname"]: alert["status"]["state"] for alert in alerts}

    def metric(self, name: str, *labels: str) -> float:
        """Return the sum of a metric's samples that carry all these labels (`name="value"`)."""
        lines = web.get(f"{self.url}/metrics").text.splitlines()
        found = [line for line in lines if line.startswith(f"{name}{{")]
        return sum(float(line.split()[-1]) for line in found if all(x in line for x in labels))


def alert(
    name: str = "RejectionFlood",
    *,
    minutes: float = 0,
    ended: bool = False,
    annotations: Mapping[str, str] | None = None,
    **labels: str,
) -> dict[str, Any]:
    """Return an alert that began `minutes` ago, ended or not; by default the founding case."""
    now = datetime.now(UTC)
    known = {"severity": "warning", "topic": "rejections", **labels}
    texts = FOUNDING if annotations is None else annotations
    return {
        "labels": {"alertname": name, **{key: value for key, value in known.items() if value}},
        "annotations": dict(texts),
        "startsAt": (now - timedelta(minutes=minutes)).isoformat(),
        "endsAt": (now if ended else now + timedelta(hours=1)).isoformat(),
    }


FOUNDING = {
    "title": "Many packets rejected for ANNA-PC",
    "title_ja": "ANNA-PC あての通信を大量に拒否",
    "summary": "The router rejected 1450 packets in 5 minutes. They belong to ANNA-PC, 100 % of"
    " them to the program netsession_win.exe (Akamai NetSession Interface). The network behind most"
    " of them is Akamai.",
    "summary_ja": "ルーターが5分間に1450個のパケットを拒否しました。宛先はANNA-PCで、100%が"
    "プログラム「netsession_win.exe」（Akamai NetSession Interface）に関するものです。"
    "主な相手のネットワークは Akamai です。",
    "action": "Close netsession_win.exe on ANNA-PC, or uninstall Akamai NetSession Interface if"
    " nobody needs it. The page says what it is.",
    "action_ja": "ANNA-PC の netsession_win.exe を終了してください。使う人がいなければ、"
    "Akamai NetSession Interface をアンインストールしてください。詳しくはページに出ています。",
    "dashboard": "http://192.168.1.10:3000/d/knockwatch-devices?var-device=ANNA-PC",
    "page": "http://192.168.1.10:10151/",
}


def written(folder: Path, secrets: Mapping[str, str]) -> Path:
    """Return a folder of secrets with these files."""
    place = folder / "secrets"
    place.mkdir(exist_ok=True)
    for old in place.iterdir():
        old.unlink()
    for name, content in secrets.items():
        (place / name).write_text(content)
    return place


def environment(folder: Path, secrets: Mapping[str, str], **settings: str) -> dict[str, str]:
    """Return what start.sh takes from its environment; nothing of this machine's own."""
    return {
        "PATH": os.environ["PATH"],
        "KNOCKWATCH_SECRETS": str(written(folder, secrets)),
        "ALERTMANAGER_RUN": str(folder / "run"),
        "ALERTMANAGER_STORAGE": str(folder / "storage"),
        "ALERTMANAGER": str(binary("alertmanager") or "alertmanager"),
        **settings,
    }


def configured(
    folder: Path, secrets: Mapping[str, str], *shell: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Let start.sh write a configuration, in that shell; it is in `run/alertmanager.yml`."""
    argv = [*(shell or ("sh",)), str(DEPLOY / "start.sh"), "--dry-run"]
    env = environment(folder, secrets, **settings)
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False)


@contextmanager
def alertmanager(
    folder: Path, secrets: Mapping[str, str], **settings: str
) -> Iterator[Alertmanager]:
    """Start one with these secrets, quick unless told otherwise, and stop it at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    listen = {"ALERTMANAGER_LISTEN": f"127.0.0.1:{port}"}
    env = environment(folder, secrets, **(QUICK | listen | settings))
    with started(["sh", DEPLOY / "start.sh"], folder / "alertmanager.log", env=env) as process:
        server = Alertmanager(f"http://127.0.0.1:{port}", process)
        until(lambda: ready(server), "ready Alertmanager")
        yield server


def ready(server: Alertmanager) -> bool:
    """Tell whether it answers; fail when it has ended."""
    if not server.process.running():
        raise RuntimeError("Alertmanager ended by itself")
    try:
        return web.get(f"{server.url}/-/ready", seconds=2).status == 200
    except OSError:
        return False
