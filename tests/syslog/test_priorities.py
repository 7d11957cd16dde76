import pytest

from exporter.syslog import priorities
from exporter.syslog.priorities import Priority


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<0>x", Priority(0, 0, 3)),
        ("<013>", Priority(1, 5, 5)),
        ("<191>x", Priority(23, 7, 5)),
        ("<192>x", Priority()),
        ("<1", Priority()),
        ("4>", Priority()),
    ],
)
def test_pri_is_a_number_below_192(text, found):
    assert priorities.in_front(text) == found


@pytest.mark.parametrize(
    ("word", "found"),
    [("kern.warn", (0, 4)), ("warning", (None, 4)), ("Warning", (None, None)), ("", (None, None))],
)
def test_a_level_stands_in_small_letters_in_front_of_a_tag(word, found):
    assert priorities.level(word)[:2] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Kernel.Warning gw x", Priority(0, 4, 15)),
        ("Local7.Emergency\tgw", Priority(23, 0, 17)),
        ("Kernel.Warning", Priority(0, 4, 14)),
        ("kernel.warning gw", Priority()),
        ("Gateway.Lan gw", Priority()),
        ("", Priority()),
        ("A" * 100, Priority()),
    ],
)
def test_a_level_stands_in_words_in_front_of_a_host(text, found):
    assert priorities.before_host(text) == found
