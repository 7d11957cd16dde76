"""axe-core, the rules of accessibility, run in the browser of the tests."""

from functools import cache
from pathlib import Path

from tests.system.parts.chromium import Browser
from tests.system.parts.prometheus import parts

# What it finds, in few words, and how much of the page it could judge.
_RUN = """
axe.run(document, {resultTypes: ["violations"]}).then(found => ({
    passed: found.passes.length,
    violations: found.violations.flatMap(
        rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 160)}`)),
}))
"""


@cache
def script() -> Path | None:
    """Return where `install.sh` put it, if it did."""
    return next(parts().glob("axe-core-*/axe.min.js"), None)


def violations(browser: Browser) -> list[str]:
    """Return what of the page that is shown breaks a rule."""
    file = script()
    if file is None:
        raise RuntimeError("axe-core is not on this machine")
    if not browser.evaluate("'axe' in window"):
        browser.evaluate(file.read_text())
    found = browser.evaluate(_RUN)
    if found["passed"] < 10:
        raise RuntimeError(f"axe-core judged {found['passed']} rules only")
    return list(found["violations"])
