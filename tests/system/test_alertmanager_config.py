"""Alertmanager's own tool on what start.sh writes, in every shell that it may run in."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.system.parts.alertmanager import DEPLOY, FOUNDING, alert, configured
from tests.system.parts.needs import needs
from tests.system.parts.process import found
from tests.system.parts.prometheus import binary
from tests.test_alertmanager_files import SECRETS

pytestmark = needs("amtool")

# All that Alertmanager's image has, by busybox.
APPLETS = ("sh", "awk", "mkdir", "rm", "cat")


def amtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    argv = [str(binary("amtool") or "amtool"), *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    return amtool("check-config", folder / "run" / "alertmanager.yml")


def test_a_broken_configuration_is_complained_about(tmp_path):
    broken = tmp_path / "run" / "alertmanager.yml"
    broken.parent.mkdir()
    broken.write_text("route: {receiver: nobody}\n")
    assert checked(tmp_path).returncode != 0


@pytest.mark.parametrize(
    "names", [(), *((name,) for name in SECRETS), tuple(SECRETS)], ids="+".join
)
def test_every_configuration_is_accepted(tmp_path, names):
    done = configured(tmp_path, {name: SECRETS[name] for name in names})
    assert (done.returncode, done.stderr) == (0, "")
    done = checked(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 templates" in done.stdout  # their syntax was read too


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns", "Etc/UTC", "UTC", "Local", ""])
def test_every_language_and_zone_is_accepted(tmp_path, language, zone):
    done = configured(tmp_path, {}, KNOCKWATCH_LANGUAGE=language, TZ=zone)
    assert done.returncode == 0, done.stderr
    assert checked(tmp_path).returncode == 0


@needs("busybox")
def test_the_image_s_busybox_writes_the_same_as_this_shell(tmp_path):
    applets = tmp_path / "applets"
    applets.mkdir()
    for name in APPLETS:
        (applets / name).symlink_to(str(found("busybox")))
    written = []
    for path in (str(applets), "/usr/bin:/bin"):
        done = configured(tmp_path, SECRETS, str(applets / "sh"), PATH=path)
        assert (done.returncode, done.stderr) == (0, "")
        written.append({file.name: file.read_text() for file in (tmp_path / "run").iterdir()})
    assert written[0] == written[1]
    done = configured(tmp_path, SECRETS, "dash")
    assert {file.name: file.read_text() for file in (tmp_path / "run").iterdir()} == written[0]


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("severity=critical topic=rejections alertname=RejectionFlood device=A", "phone"),
        ("severity=warning topic=rejections alertname=RejectionSpike device=A", "phone"),
        ("severity=info topic=rejections alertname=RejectionFlood device=A", "nobody"),
        ("severity=critical topic=knockwatch alertname=ExporterDown", "phone"),
        ("severity=warning topic=knockwatch alertname=NotificationsFailing", "phone"),
        ("severity=warning topic=router alertname=RouterSilent router=r", "phone"),
        ("severity=warning topic=router alertname=RouterLoginFailures router=r", "phone-once"),
        ("severity=warning topic=router alertname=RouterNatFault router=r", "phone-once"),
        ("severity=critical topic=device alertname=NewProgramRejected device=A", "phone-once"),
        ("severity=info topic=device alertname=NewProgramRejected device=A", "nobody"),
        ("severity=info topic=device alertname=DailyProgram device=A", "nobody"),
        ("severity=info topic=digest alertname=WeeklyDigest", "phone-once"),
        ("severity=none topic=watchdog alertname=Watchdog", "deadman"),
        ("alertname=Foreign", "phone"),
        ("severity=page alertname=Foreign", "phone"),
    ],
)
def test_every_kind_of_alert_goes_where_it_should(tmp_path, labels, receiver):
    configured(tmp_path, SECRETS)
    config = f"--config.file={tmp_path / 'run' / 'alertmanager.yml'}"
    done = amtool("config", "routes", "test", config, *labels.split())
    assert (done.returncode, done.stdout.strip()) == (0, receiver)


def rendered(folder: Path, language: str, text: str, *alerts: dict[str, Any]) -> str:
    """Return what a template makes of these alerts."""
    data = folder / "alerts.json"
    firing = [{"status": "firing", **one} for one in alerts]
    data.write_text(json.dumps({"status": "firing", "alerts": firing}))
    globs = [f"--template.glob={DEPLOY}/templates/{name}.tmpl" for name in ("message", language)]
    file, call = f"--template.data={data}", f'--template.text={{{{ template "{text}" . }}}}'
    done = amtool("template", "render", *globs, file, call)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("language", "headline"),
    [("en", f"⚠️ {FOUNDING['title']}"), ("ja", f"⚠️ {FOUNDING['title_ja']}")],
)
def test_texts_can_be_rendered_without_a_server(tmp_path, language, headline):
    assert rendered(tmp_path, language, "knockwatch.headline", alert(device="A")) == headline


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_first_line_can_never_be_read_as_yaml(tmp_path, language):
    for severity in ("critical", "warning", "info", ""):
        text = rendered(tmp_path, language, "knockwatch.text", alert(severity=severity))
        first = text.splitlines()[0]
        assert not set(first) & set(""":#&*!|>'"%@`{}[],?-""")
        assert first[0] not in " ~0123456789"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_worst_alert_comes_first(tmp_path, language):
    mild = alert(annotations={"title": "mild", "summary": "mild"})
    bad = alert(severity="critical", annotations={"title": "bad", "summary": "bad"})
    text = rendered(tmp_path, language, "knockwatch.message", mild, bad)
    assert text.startswith("🚨")
    assert text.splitlines()[1].startswith("bad")
    assert text.index("• bad") < text.index("• mild")
