"""Grafana's components from npm, in a cache outside the checkout, and the bundle made of them."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
BUNDLE = (
    "--bundle",
    "--jsx=automatic",
    "--loader:.svg=text",
    "--loader:.ttf=empty",
    '--define:process.env.NODE_ENV="production"',
    "--log-level=warning",
)


def cache() -> Path:
    """Where the packages are: a folder for each state of package-lock.json."""
    lock = (HERE / "package-lock.json").read_bytes()
    parent = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(parent) / "knockwatch-preview" / hashlib.sha256(lock).hexdigest()[:16]


def install() -> Path:
    """Install the packages if they are not there; return their `node_modules`."""
    folder = cache()
    modules = folder / "node_modules"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        # The packages' peers disagree about React; no script of theirs is needed, or run.
        argv = ["npm", "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(argv, cwd=folder, check=True)
        (folder / "complete").touch()
    return modules


def bundle(modules: Path, target: Path) -> None:
    """Write what the page loads."""
    argv = [modules / ".bin" / "esbuild", HERE / "src" / "main.jsx", f"--outfile={target}", *BUNDLE]
    subprocess.run(
        [*map(str, argv)], env=os.environ | {"NODE_PATH": str(modules)}, check=True, cwd=HERE
    )
