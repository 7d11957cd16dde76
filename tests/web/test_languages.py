"""The reader's language: asked for, configured, or the browser's."""

import pytest

from exporter.web.languages import choose


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("ja", "ja"),
        ("JA-jp", "ja"),
        ("ja,en-US;q=0.9,en;q=0.8", "ja"),
        ("en-GB,ja;q=0.9", "en"),
        ("en;q=0.2, ja;q=0.7", "ja"),
        ("fr,de;q=0.9,ja;q=0.1", "ja"),
        ("fr", "en"),
        ("ja;q=0", "en"),
        ("ja;q=x,;,=", "en"),
        ("ja;q=nan", "en"),
    ],
)
def test_a_browser_gets_the_language_that_it_likes_best(accepted, language):
    assert choose(None, "auto", accepted) == language


def test_the_configuration_outranks_the_browser_and_the_address_outranks_both():
    assert choose(None, "ja", "en") == "ja"
    assert choose("en", "ja", "ja") == "en"
    assert choose("xx", "ja", "en") == "ja"
