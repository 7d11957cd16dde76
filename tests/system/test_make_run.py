"""The README's first command, in a fresh copy of the project with nothing but Python, git, make."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.system.parts.knockwatch import ROOT, configuration, free_port
from tests.system.parts.needs import needs
from tests.system.parts.process import Process, started, until
from tests.system.parts.web import get

pytestmark = needs("git", "make")


def test_make_run_installs_once_and_says_what_to_do_next(tmp_path):
    clone = fresh_clone(tmp_path / "clone")
    http, syslog = free_port(), free_port()
    config = configuration(tmp_path, http=http, syslog=syslog)
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    env |= {"KNOCKWATCH_CONFIG": str(config), "STATE_DIRECTORY": str(tmp_path / "state")}

    with started(["make", "run"], tmp_path / "first.log", cwd=clone, env=env) as first:
        become_ready(first, http, seconds=240)
        assert "Traceback" not in first.output()
        steps = [line for line in first.output().splitlines() if line[:2] in ("1.", "2.", "3.")]
    page, router, agent = steps
    assert "http://" in page
    assert f":{http}" in page
    assert str(syslog) in router
    assert "knockwatch agent --server http://" in agent

    began = time.monotonic()
    with started(["make", "run"], tmp_path / "second.log", cwd=clone, env=env) as second:
        become_ready(second, http, seconds=30)
        took = time.monotonic() - began
    assert "installing" not in second.output()
    assert took < 10  # 2 s on an idle machine


@needs("namespaces")
def test_make_demo_ends_with_the_answer(tmp_path):
    there = tmp_path / "bin"
    there.mkdir()
    for name, arguments in {"python": "", "knockwatch": "-m exporter "}.items():
        (there / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments}"$@"\n')
        (there / name).chmod(0o755)
    (tmp_path / "installed").touch()
    play = f"ip link set lo up && exec make VENV={tmp_path} demo"  # where nobody has its ports
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    argv = ["unshare", "--net", "sh", "-c", play]
    done = subprocess.run(
        argv, cwd=ROOT, env=environment, input="", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "netsession_win.exe on ANNA-PC" in done.stdout


def test_the_two_commands_stand_first_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    commands = readme.split("```sh\n", 1)[1].split("```", 1)[0].splitlines()
    assert [command.split("#")[0].strip() for command in commands] == ["make run", "make test"]


def become_ready(process: Process, port: int, *, seconds: float) -> None:
    """Wait until the server behind `make run` answers."""

    def answers() -> bool:
        assert process.running(), "make run ended"
        try:
            return get(f"http://127.0.0.1:{port}/-/ready", seconds=2).status == 200
        except OSError:
            return False

    until(answers, "ready server", seconds=seconds)


def fresh_clone(folder: Path) -> Path:
    """Copy what a clone would hold if all that is not ignored were committed."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder
