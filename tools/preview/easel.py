"""Where pictures are drawn: the page, a browser that shows it, and what can be read in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.system.parts.chromium import Browser, Screen, chromium
from tests.system.parts.process import until
from tools.preview.site import site

# Texts that reach out of what they are clipped by, or end in an ellipsis.
CUT = """
[...document.querySelectorAll('#root *')].filter((leaf) => {
  if (leaf.children.length || !leaf.textContent.trim() || leaf.closest('svg')) return false;
  const { left, right, top, bottom } = leaf.getBoundingClientRect();
  if (leaf.scrollWidth > leaf.clientWidth + 1 && leaf.clientWidth) return true;
  for (let box = leaf.parentElement; box; box = box.parentElement) {
    if (getComputedStyle(box).overflow === 'visible') continue;
    const clip = box.getBoundingClientRect();
    if (right > clip.right + 1 || left < clip.left - 1) return true;
    // A line is higher than its letters.
    if (bottom > clip.bottom + 4 || top < clip.top - 4) return true;
  }
  return bottom > innerHeight;
}).map((leaf) => [leaf.getBoundingClientRect().top, leaf.textContent])
"""


class Easel(NamedTuple):
    """A browser with the page, and the folder from which the page takes its data."""

    browser: Browser
    url: str
    data: Path

    def show(self, name: str, data: dict[str, Any], screen: Screen) -> None:
        """Draw one dashboard. Raises when a component fails."""
        (self.data / f"{name}.json").write_text(json.dumps(data))
        self.browser.open(f"{self.url}/?data={name}", screen)
        title = until(self.done, f"picture of {name}")
        if title != "ready":
            raise RuntimeError(f"{name}: {title}")

    def done(self) -> str:
        """What the page says when it is done; nothing before."""
        title = str(self.browser.evaluate("document.title"))
        return "" if title == "drawing" else title

    def cut(self, above: float = 1e6) -> list[str]:
        """The texts that cannot be read in full, of those that begin above that pixel."""
        return list(dict.fromkeys(text for top, text in self.browser.evaluate(CUT) if top < above))


@contextmanager
def easel(build: Path, modules: Path, folder: Path) -> Iterator[Easel]:
    """Serve the bundle that is in `build`, and open a browser."""
    data = build / "data"
    data.mkdir(exist_ok=True)
    with site(build, modules) as url, chromium(folder) as browser:
        yield Easel(browser, url, data)
