"""What is installed is known: versions, hashes, licences, sizes, and the same bytes each time."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import audit, sbom
from tools.lock import EXTRA, FOLDER, ROOT, pinned

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONSTRAINTS = pinned((FOLDER / "constraints.txt").read_text())
LOCKS = ("locked.txt", "locked-build.txt")
NOTICE = (ROOT / "NOTICE").read_text()
VULNERABILITY = '{"id": "PYSEC-1", "fix_versions": ["2"]}'
WHEEL = 3_500_000  # bytes; 2.3 MB of them are the table of networks


def names(pins) -> set[str]:
    return {pin.partition("==")[0].lower() for pin in pins}


def needed(wishes) -> Iterator[str]:
    """Yield the names of what wishes lead to, as far as it is installed here."""
    for wish in map(Requirement, wishes):
        if wish.marker is None or wish.marker.evaluate({"extra": ""}):
            yield re.sub(r"[-_.]+", "-", wish.name).lower()
            yield from needed(metadata.requires(wish.name) or ())


def test_every_dependency_of_the_image_has_its_version():
    locked = names(CONSTRAINTS)
    extra = PROJECT["project"]["optional-dependencies"][EXTRA]
    wanted = set(needed(PROJECT["project"]["dependencies"] + extra))
    assert wanted <= locked
    assert locked == wanted


def test_the_tests_run_with_the_locked_versions():
    here = {pin: metadata.version(pin.partition("==")[0]) for pin in CONSTRAINTS}
    assert {pin for pin, version in here.items() if not pin.endswith(f"=={version}")} == set()


def test_the_hashes_are_those_of_the_versions():
    assert pinned((FOLDER / "locked.txt").read_text()) == CONSTRAINTS
    backend = names(pinned((FOLDER / "locked-build.txt").read_text()))
    assert set(needed(PROJECT["build-system"]["requires"])) <= backend


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_version_has_hashes(name):
    for block in re.split(r"\n(?=\w)", (FOLDER / name).read_text())[1:]:
        assert re.search(r" --hash=sha256:[0-9a-f]{64}$", block, re.MULTILINE), block


def test_the_image_takes_nothing_whose_hash_is_unknown():
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    installs = re.findall(r"pip install ([^&\n]*)", text)
    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)


def test_every_library_of_the_image_has_its_licence_in_the_notice():
    listed = dict(re.findall(r"^\* ([\w.-]+): ([^(\n]*[^(\n ])", NOTICE, re.MULTILINE))
    for name in names(CONSTRAINTS):
        [said] = [licence for each, licence in listed.items() if each.lower() == name]
        about = metadata.metadata(name)
        declared = about.get("License-Expression") or about.get("License")
        classified = " ".join(about.get_all("Classifier") or ())
        assert said == declared or f"License :: OSI Approved :: {said[:3]}" in classified


def test_data_that_is_not_ours_is_in_the_notice():
    for file in ("exporter/enrichment/data/networks.table", "exporter/knowledge/"):
        assert file in NOTICE
    knowledge = {path.name for path in (ROOT / "exporter" / "knowledge").glob("*.yaml")}
    assert {name for name in knowledge if name not in NOTICE} == set()
    [image] = set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert image in NOTICE
    data = {path.name for path in (ROOT / "exporter").rglob("data/*")}
    assert data == {"networks.table"}


def build(source: Path, target: Path, epoch: str) -> Path:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(argv, cwd=source, env=environment, check=True, capture_output=True)
    [wheel] = target.glob("*.whl")
    return wheel


@pytest.mark.thorough
def test_the_wheel_is_small_and_the_same_bytes_each_time(tmp_path):
    first = build(ROOT, tmp_path / "first", "1790000000")
    second = build(ROOT, tmp_path / "second", "1790000000")
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < WHEEL
    held = {name.partition("/")[0] for name in zipfile.ZipFile(first).namelist()}
    version = PROJECT["project"]["version"]
    assert held == {"exporter", "dashboards", f"knockwatch-{version}.dist-info"}


def test_an_sbom_that_lacks_a_package_or_has_another_is_none():
    one = {"name": "tomli_w", "version": "1.2.0"}
    sha256 = "1" * 64
    locked = f"# a remark\ntomli-w==1.2.0 \\\n    --hash=sha256:{sha256}\n"
    described = {"components": [dict(one)]}
    sbom.with_hashes(described, locked)
    assert described["components"][0]["hashes"] == [{"alg": "SHA-256", "content": sha256}]
    for components in ([], [one, {"name": "odd", "version": "1"}], [one | {"version": "1.2.1"}]):
        with pytest.raises(LookupError):
            sbom.with_hashes({"components": components}, locked)


@pytest.mark.parametrize(
    ("printed", "status", "told"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 0, "1 packages"),
        ('{"dependencies": [{"name": "a", "skip_reason": "no index"}]}', 2, "not run for a"),
        ("", 2, "not run: "),
        (
            f'{{"dependencies": [{{"name": "a", "version": "1", "vulns": [{VULNERABILITY}]}}]}}',
            1,
            "a 1: PYSEC-1",
        ),
    ],
)
def test_an_audit_that_did_not_run_is_no_pass(monkeypatch, printed, status, told):
    done = subprocess.CompletedProcess([], 0, printed, "no route to the advisories")
    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: done)
    code, text = audit.audit(())
    assert code == status
    assert told in text


@pytest.mark.system
def test_the_sbom_holds_every_package_with_its_licence():
    described = sbom.described()
    assert len(described["components"]) == len(CONSTRAINTS)
    assert all(each.get("licenses") and each["hashes"] for each in described["components"])
