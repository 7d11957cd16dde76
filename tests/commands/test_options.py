"""Every command can be written, with the options that its function reads."""

import os

import pytest

from exporter.commands.options import parser, text

NAMES = (
    *("serve", "relay", "agent", "replay", "explain", "check", "healthcheck", "doctor"),
    *("forget", "demo", "token"),
)


def test_each_command_leads_to_its_function():
    commands = {name: (lambda _, code=code: code) for code, name in enumerate(NAMES)}
    needed = {
        "agent": ["--server", "http://127.0.0.1:10151"],
        "replay": ["-"],
        "explain": ["a line"],
        "forget": ["PC"],
    }
    for code, name in enumerate(NAMES):
        options = parser(commands).parse_args([name, *needed.get(name, [])])
        assert options.command(options) == code
        assert options.log_level == "info"


def test_every_option_says_what_it_is():
    whole = parser(dict.fromkeys(NAMES, int))
    [commands] = [each for each in whole._actions if each.choices]
    silent = [
        (name, each.dest)
        for name, command in commands.choices.items()
        for each in command._actions
        if not each.help
    ]
    assert (set(commands.choices), silent) == (set(NAMES), [])


def test_what_was_typed_in_another_encoding_is_replaced():
    assert text(os.fsdecode(b"b\xfcro")) == "b\ufffdro"
    assert text("büro") == "büro"


@pytest.mark.parametrize("name", ["agent", "forget"])
def test_a_token_never_stands_on_the_command_line(name: str):
    """It would be in every list of processes, and in the history of the shell."""
    arguments = [name, "--server", "http://x", "--token", "s3cret", "PC"]
    with pytest.raises(SystemExit):
        parser(dict.fromkeys(NAMES, lambda _: 0)).parse_args(arguments)
