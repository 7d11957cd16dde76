"""What start.sh makes of the secrets that are there: a configuration, and clear words."""

import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.system.parts.alertmanager import DEPLOY, configured, environment

ROOT = DEPLOY.parents[1]
OTHERS = ("email", "telegram", "discord", "slack", "pushover", "line")  # pass through a service
NASTY = """a'b"c: d#e \\n $HOME ${x} `id` & | %s %d {{ .Alerts }} * ! @ ~ ]["""
SECRETS = {
    "ntfy": "https://ntfy.sh/our-topic\n",
    "email": "to = anna@example.org\nfrom=wall@example.org\nsmarthost=smtp.example.org:587\n",
    "telegram": "token=123:abc\nchat=-1001234567890\n",
    "discord": "https://discord.com/api/webhooks/1/x\n",
    "slack": "https://hooks.slack.com/services/x\n",
    "pushover": "user=uQiRzpo4DXghDmr9QzzfQu27cmVRsG\ntoken=azGDORePK8gMaC0QOYAMyEEuzJnyUi\n",
    "line": "abc/+==\n",
    "webhook": "http://192.168.1.20:8123/api/webhook/knockwatch?x=1&y=a=b\n",
    "deadman": "https://hc-ping.com/00000000-0000-0000-0000-000000000000\n",
}


def configuration(folder: Path, secrets: dict[str, str], **settings: str) -> dict[str, Any]:
    """Return what is written for these secrets; fail with what was said when nothing is."""
    done = configured(folder, secrets, **settings)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{folder}/run/alertmanager.yml\n"
    loaded: dict[str, Any] = yaml.safe_load(Path(done.stdout.strip()).read_text())
    return loaded


def integrations(config: dict[str, Any], receiver: str) -> list[dict[str, Any]]:
    """Return everything by which a receiver delivers."""
    found = next(each for each in config["receivers"] if each["name"] == receiver)
    return [one for key, several in found.items() if key != "name" for one in several or []]


def test_the_template_is_yaml_too():
    assert yaml.safe_load((DEPLOY / "alertmanager.yml").read_text())["receivers"]


def test_without_secrets_there_is_no_way_to_deliver(tmp_path):
    config = configuration(tmp_path, {})
    names = ("phone", "phone-once", "deadman", "nobody")
    assert [integrations(config, name) for name in names] == [[], [], [], []]
    assert config["route"]["receiver"] == "phone"


@pytest.mark.parametrize("name", SECRETS)
def test_one_file_switches_one_receiver_on(tmp_path, name):
    config = configuration(tmp_path, {name: SECRETS[name]})
    phone, once = integrations(config, "phone"), integrations(config, "phone-once")
    assert [len(phone), len(once)] == ([0, 0] if name == "deadman" else [1, 1])
    assert len(integrations(config, "deadman")) == (name == "deadman")
    assert [one["send_resolved"] for one in (*phone, *once)] == [True, False][: 2 * len(phone)]
    assert [dict(one, send_resolved=True) for one in once] == phone


def test_all_files_together_switch_all_on(tmp_path):
    config = configuration(tmp_path, SECRETS)
    assert len(integrations(config, "phone")) == len(SECRETS) - 1
    assert len(integrations(config, "deadman")) == 1


def test_any_character_of_a_secret_survives(tmp_path):
    email = f"to={NASTY}\nfrom={NASTY}\nusername={NASTY}\npassword={NASTY}é\nsmarthost={NASTY}:25\n"
    config = configuration(tmp_path, {"email": email, "webhook": f"https://x/{NASTY}"})
    templated = NASTY.replace("{{", '{{ "{{" }}')  # a template that gives the text back
    webhook, mail = integrations(config, "phone")
    assert [mail["to"], mail["from"]] == [templated, templated]
    assert [mail["auth_username"], mail["smarthost"]] == [NASTY, f"{NASTY}:25"]
    assert Path(mail["auth_password_file"]).read_text() == f"{NASTY}é"
    assert Path(webhook["url_file"]).read_text() == f"https://x/{templated}"


@pytest.mark.parametrize(
    ("name", "settings", "named"),
    [
        ("ntfy", "https://ntfy.sh/our-topic", False),
        ("ntfy", "https://ntfy.sh/our-topic\nnames=yes", True),
        ("ntfy", "https://ntfy.home.example/our-topic", True),
        ("ntfy", "https://ntfy.home.example/our-topic\nnames=no", False),
        ("ntfy", "https://eu.ntfy.sh:443/our-topic", False),
        *((name, text, False) for name, text in SECRETS.items() if name in OTHERS),
        *((name, f"{text}names=yes", True) for name, text in SECRETS.items() if name in OTHERS),
    ],
)
def test_names_leave_the_home_only_where_that_is_asked_for(tmp_path, name, settings, named):
    told = str(integrations(configuration(tmp_path, {name: settings}), "phone"))
    assert ('"knockwatch.text' in told or '"knockwatch.message' in told) == named
    assert ('"nameless.' in told) != named


def test_every_text_of_a_receiver_is_there_without_names(tmp_path):
    templates = (DEPLOY / "templates" / name for name in ("message.tmpl", "en.tmpl"))
    there = set(re.findall(r'define "([^"]+)"', "".join(path.read_text() for path in templates)))
    told = yaml.safe_dump(configuration(tmp_path, SECRETS)["receivers"], width=10_000)
    called = set(re.findall(r'template \\*"(nameless\.[^"\\]+)', told))
    assert called
    assert called <= there


def test_a_file_of_windows_notepad_is_read(tmp_path):
    text = "\ufeff# Anna's\r\n\r\nhttps://ntfy.example.org/our-topic \r\n token = tk_1 \r\n"
    [ntfy] = integrations(configuration(tmp_path, {"ntfy": text}), "phone")
    assert ntfy["url"] == "https://ntfy.example.org/"
    assert ntfy["payload"]["topic"] == "our-topic"
    token = ntfy["http_config"]["authorization"]["credentials_file"]
    assert Path(token).read_text() == "tk_1"


def test_line_tells_everybody_or_the_one_that_is_named(tmp_path):
    [everybody] = integrations(configuration(tmp_path, {"line": "abc"}), "phone")
    assert everybody["url"] == "https://api.line.me/v2/bot/message/broadcast"
    assert "to" not in everybody["payload"]
    [one] = integrations(configuration(tmp_path, {"line": "abc\nto=U0123abc"}), "phone")
    assert one["url"] == "https://api.line.me/v2/bot/message/push"
    assert one["payload"]["to"] == "U0123abc"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ntfy", "", "lacks url"),
        ("ntfy", "ntfy.sh/our-topic", "its url does not begin with https://"),
        ("ntfy", "https://ntfy.sh", "is not a server and a topic"),
        ("ntfy", "https://ntfy.sh/12345", "its topic must begin with a letter"),
        ("ntfy", "https://ntfy.sh/null", "its topic must begin with a letter"),
        ("ntfy", "https://ntfy.sh/a\nhttps://ntfy.sh/b", "gives url twice"),
        ("ntfy", "https://ntfy.sh/our-topic\ntoken=", "gives token no value"),
        ("email", "to=a@x\nfrom=b@x", "lacks smarthost=..."),
        ("email", "anna@example.org", "a line is not one of to from smarthost"),
        ("email", "to=a@x\nfrom=b@x\nsmarthost=x", "its smarthost is not a name and a port"),
        ("email", f"{SECRETS['email']}username=u", "needs username and password"),
        ("email", f"{SECRETS['email']}tls=no", "its tls is neither on nor off"),
        (
            "email",
            f"{SECRETS['email']}username=é\npassword=p",
            "plain ASCII characters in username",
        ),
        ("telegram", "token=1:x", "lacks chat=..."),
        ("telegram", "token=1:x\nchat=@anna", "its chat is not a number"),
        ("pushover", "user=a b\ntoken=c", "other than letters and digits"),
        ("line", "abc\nto=anna", "its to is not an id"),
        ("slack", "a\tb", "has a control character in url"),
        ("deadman", "hc-ping.com/x", "its url does not begin with https://"),
    ],
)
def test_a_wrong_file_is_named_and_silences_no_other(tmp_path, name, content, said):
    done = configured(tmp_path, {**SECRETS, name: content})
    assert done.returncode == 0
    assert f"/secrets/{name}: " in done.stderr
    assert said in done.stderr
    assert f"{name} stays off" in done.stderr
    config = yaml.safe_load((tmp_path / "run" / "alertmanager.yml").read_text())
    expected = len(SECRETS) - 1 if name == "deadman" else len(SECRETS) - 2
    assert len(integrations(config, "phone")) == expected


def test_when_no_file_can_be_used_it_does_not_start(tmp_path):
    done = configured(tmp_path, {"ntfy": "", "slack": "x"})
    assert done.returncode == 1
    assert "nothing would be delivered" in done.stderr


def test_a_file_of_another_name_is_named_and_does_no_harm(tmp_path):
    done = configured(tmp_path, {"nfty": "https://ntfy.sh/our-topic", "README.md": "hello"})
    assert done.returncode == 0
    assert "/secrets/nfty: no such receiver" in done.stderr
    assert "README" not in done.stderr


def test_a_file_that_may_not_be_read_is_named(tmp_path):
    env = environment(tmp_path, {"slack": "https://x/y", "ntfy": "https://ntfy.sh/our-topic"})
    (tmp_path / "secrets" / "slack").chmod(0o600)
    for folder in tmp_path.parents:
        if folder.name.startswith(("pytest-", "popen-")):  # pytest's are root's alone
            folder.chmod(0o755)
    tmp_path.chmod(0o777)
    nobody = 65534 if os.geteuid() == 0 else None
    if nobody is None:
        (tmp_path / "secrets" / "slack").chmod(0)
    argv = ["sh", str(DEPLOY / "start.sh"), "--dry-run"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, user=nobody)
    assert done.returncode == 0, done.stderr
    assert "/secrets/slack: cannot be read; slack stays off" in done.stderr
    assert "ntfy.sh" in (tmp_path / "run" / "alertmanager.yml").read_text()


def test_secrets_are_in_private_files_and_not_on_the_screen(tmp_path):
    secrets = {
        **SECRETS,
        "ntfy": "https://ntfy.sh/our-topic\ntoken=tk_hidden",
        "webhook": "https://x/hidden\ntoken=hidden",
        "email": f"{SECRETS['email']}username=u\npassword=hidden",
        "telegram": "token=hidden\nchat=1",
        "pushover": "user=hidden\ntoken=hidden",
        "line": "hidden",
    }
    done = configured(tmp_path, secrets)
    assert "hidden" not in done.stdout + done.stderr
    assert "hidden" not in (tmp_path / "run" / "alertmanager.yml").read_text()
    places = [tmp_path / "run", *(tmp_path / "run").iterdir()]
    assert {stat.S_IMODE(place.stat().st_mode) for place in places} == {0o700, 0o600}


def test_what_is_switched_off_again_leaves_nothing_behind(tmp_path):
    configuration(tmp_path, SECRETS)
    configuration(tmp_path, {})
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["alertmanager.yml"]


def test_routes_and_inhibitions_name_alerts_that_exist():
    rules = "".join(file.read_text() for file in (ROOT / "deploy").glob("*/rules/*.yml"))
    known = set(re.findall(r"alert: (\w+)", rules))
    template = (DEPLOY / "alertmanager.yml").read_text()
    named = {
        name
        for names in re.findall(r'alertname=~?"([\w|]+)"', template)
        for name in names.split("|")
    }
    assert named
    assert named <= known


def test_both_languages_say_the_same_things():
    def pieces(language: str) -> list[str]:
        text = (DEPLOY / "templates" / f"{language}.tmpl").read_text()
        return re.findall(r'define "[^"]+"|^  "[a-z]+"|"suffix"', text, re.MULTILINE)

    assert pieces("en") == pieces("ja")


def test_every_example_of_the_documentation_works(tmp_path):
    page = (ROOT / "docs" / "notifications.md").read_text()
    examples = re.findall(r"^### `secrets/(\w+)`.*?\n```\n(.*?)```", page, re.MULTILINE | re.DOTALL)
    assert sorted(name for name, _ in examples) == sorted(SECRETS)
    done = configured(tmp_path, dict(examples))
    assert (done.returncode, done.stderr) == (0, "")
