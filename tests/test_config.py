import re
import tomllib
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import config
from exporter.config import ConfigError, load, parse
from exporter.settings import Config, Device, Router, SpecialPrefix

EXAMPLE = Path(__file__).parents[1] / "knockwatch.example.toml"


def complaint(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, "knockwatch.toml")
    assert str(caught.value).startswith("knockwatch.toml: ")
    return str(caught.value).removeprefix("knockwatch.toml: ")


def layouts(layout: Any = Config, where: str = "") -> dict[str, type[msgspec.Struct]]:
    """Return every table of the configuration by its name."""
    found = {where: layout}
    for key, hint in get_type_hints(layout).items():
        for part in (
            hint,
            *get_args(hint),
            *(deep for a in get_args(hint) for deep in get_args(a)),
        ):
            if isinstance(part, type) and issubclass(part, msgspec.Struct):
                found |= layouts(part, f"{where}.{key}".lstrip("."))
    return found


def uncommented() -> str:
    """Return the example with all that it shows in force."""
    return re.sub(r"^#(?=\S)", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)


def test_nothing_at_all_is_a_configuration():
    assert parse("") == Config() == load(None, {})


def test_the_example_is_what_is_in_force_without_it():
    assert load(str(EXAMPLE), {}) == Config()


def test_the_example_shows_every_key():
    shown = tomllib.loads(uncommented())
    for where, layout in layouts().items():
        table: Any = shown
        for key in where.split(".") if where else ():
            table = table[key][0] if isinstance(table[key], list) else table[key]
        assert set(table) == set(layout.__struct_fields__), where


def test_all_that_the_example_shows_can_be_used():
    full = parse(uncommented())
    assert full.router == (
        Router(
            name="gate",
            addresses=("192.168.1.1",),
            hosts=("OpenWrt",),
            files=("/var/log/gate.log",),
            lan_interfaces=("br-lan",),
            wan_interfaces=("eth0.2",),
            bssids=("00:00:5e:00:53:a1",),
            dialect="netfilter",
            meanings={"IN-NEW": "rejected"},
        ),
    )
    assert [dialect.name for dialect in full.dialect] == ["acme"]
    assert full.device == (
        Device(
            name="LIVING-TV",
            addresses=("192.168.1.40",),
            macs=("00:00:5e:00:53:40",),
            excludes=("192.168.1.41",),
        ),
    )
    assert full.network.special == (SpecialPrefix(prefix="192.0.2.0/24", kind="reserved"),)


def test_what_the_guide_to_own_dialects_shows_can_be_used():
    guide = (EXAMPLE.parent / "docs" / "own-dialects.md").read_text("utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    assert [bool(parse(block).router) for block in blocks] == [True, True, False]


@pytest.mark.parametrize(("where", "layout"), layouts().items(), ids=str)
def test_an_unknown_key_is_told_its_place_and_the_nearest_known_one(where, layout):
    nearest = layout.__struct_fields__[0]
    wrong = nearest + "x"
    several = ("router", "dialect", "dialect.pattern", "device", "port_forward", "network.special")
    tables = [where[:end] for end, c in enumerate(f"{where}.") if c == "." and end]
    heading = "".join(f"[[{t}]]\n" if t in several else f"[{t}]\n" for t in tables)
    numbered = {t: f"{t.rpartition('.')[2]}{'[0]' if t in several else ''}" for t in tables}
    place = ".".join((*numbered.values(), wrong))
    message = complaint(f"{heading}{wrong} = 1\n")
    assert message == f"unknown key `{place}`; did you mean `{nearest}`?"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[listen]\nhtp_port = 1", "unknown key `listen.htp_port`; did you mean `http_port`?"),
        ("[Listen]\n", "unknown key `Listen`; did you mean `listen`?"),
        (
            "[[router]]\nname = 'a'\n[[router]]\nname = 'b'\nadress = []",
            "unknown key `router[1].adress`; did you mean `addresses`?",
        ),
        ("[listen]\nhttp_port = '1'", "listen.http_port: expected `int`, got `str`"),
        ("[listen]\nhttp_port = true", "listen.http_port: expected `int`, got `bool`"),
        ("[listen]\nhttp_port = 1.5", "listen.http_port: expected `int`, got `float`"),
        ("[listen]\nhttp_port = 70000", "listen.http_port: expected `int` <= 65535"),
        ("[listen]\nsyslog_port = -1", "listen.syslog_port: expected `int` >= 0"),
        ("listen = 3", "listen: expected `object`, got `int`"),
        ("router = 'gate'", "router: expected `array`, got `str`"),
        ("[router]\nname = 'gate'", "router: expected `array`, got `object`"),
        (
            "[[router]]\nname = 'a'\ndialect = 'netfiler'",
            "router[0].dialect: 'netfiler' is unknown; did you mean 'netfilter'?",
        ),
        (
            "[[router]]\nname = 'a'\nmeanings = {x = 'drop'}",
            "router[0].meanings[...]: invalid enum value 'drop'",
        ),
        (
            "[[dialect]]\nname = 'netfilter'\npattern = []",
            "dialect[0].name: 'netfilter' is taken",
        ),
        (
            "[[dialect]]\nname = 'acme'\n[[dialect.pattern]]\nregex = '('\nsamples = ['(']",
            "dialect[0].pattern[0].regex: missing )",
        ),
        ("[[router]]\n", "router[0]: object missing required field `name`"),
        ("[[device]]\naddresses = []", "device[0]: object missing required field `name`"),
        ("[[device]]\nname='tv'\nmacs=['5e']", "device[0].macs: '5e' is not an address"),
        ("[[port_forward]]\nport = 0", "port_forward[0].port: expected `int` >= 1"),
        ("[[router]]\nname = ''", "router[0].name: '' is empty or used twice"),
        ("[[router]]\nname = 'a'\n[[router]]\nname = 'A'", "router[1].name: 'A' is empty or"),
        (
            "[[device]]\nname='a'\naddresses=[]\n[[device]]\nname='a'\naddresses=[]",
            "device[1].name: 'a' is empty or used twice",
        ),
        (
            "[[router]]\nname = 'a'\naddresses = ['192.168.1.256']",
            "router[0].addresses: '192.168.1.256' is not an address",
        ),
        (
            "[[device]]\nname = 'a'\naddresses = ['192.168.1.0/24']",
            "device[0].addresses: '192.168.1.0/24' is not an address",
        ),
        (
            "device = [{name='a', addresses=['fd00::1']}, {name='b', addresses=['fd00:0::1']}]",
            "device[1].addresses: 'fd00:0::1' is used twice: device[0].addresses has it, too",
        ),
        (
            "[[router]]\nname='a'\naddresses=['192.168.1.1', '::ffff:192.168.1.1']",
            "router[0].addresses: '::ffff:192.168.1.1' is used twice",
        ),
        (
            "[[device]]\nname='a'\nmacs=['00:00:5E:00:53:02']\nexcludes=['00-00-5e-00-53-02']",
            "device[0].excludes: '00-00-5e-00-53-02' is used twice: device[0].macs has it, too",
        ),
        (
            "[[device]]\nname='a'\naddresses=['fd00::1']\nexcludes=['fd00:0::1']",
            "device[0].excludes: 'fd00:0::1' is used twice: device[0].addresses has it, too",
        ),
        ("[[device]]\nname='a'\nexcludes=['x']", "device[0].excludes: 'x' is not an address"),
        (
            "[[device]]\nname='a'\nexclude=[]",
            "unknown key `device[0].exclude`; did you mean `excludes`?",
        ),
        (
            "[[router]]\nname='a'\nbssids=['00:00:5e:00:53:a1', '00:00:5E:00:53:A1']",
            "router[0].bssids: '00:00:5E:00:53:A1' is used twice",
        ),
        ("[network]\nresolver = 'router'", "network.resolver: 'router' is not an address"),
        ("[listen]\ntls_key = 'a.pem'", "listen.tls_key: there is no listen.tls_certificate"),
        ("[listen]\ntls_client_ca = 'a.pem'", "listen.tls_client_ca: there is no listen.tls_"),
        ("[listen]\nfiles = ['a.log']", "listen.files: 'a.log' is a relative path"),
        ("[listen]\nfiles = ['']", "listen.files: '' is a relative path"),
        ("[listen]\nfiles = ['/a//b']", "listen.files: '/a//b' is not written plainly: '/a/b'"),
        ("[listen]\nfiles = ['/a', '-', '/a']", "listen.files: '/a' is used twice"),
        (
            "[listen]\nfiles = ['/a/*.log']\n[[router]]\nname='a'\nfiles=['/b', '/a/*.log']",
            "router[0].files: '/a/*.log' is used twice",
        ),
        ("[listen]\nallowed_senders = ['lan']", "listen.allowed_senders: not a CIDR prefix: 'lan'"),
        ("[network]\nlan_prefixes = ['10.0.0.1/8']", "network.lan_prefixes: not a CIDR prefix"),
        (
            "[[network.special]]\nprefix = 'x'\nkind = 'private'",
            "network.special: not a CIDR prefix: 'x'",
        ),
        (
            "[[network.special]]\nprefix = '10.0.0.0/8'\nkind = 'mine'",
            "network.special[0].kind: invalid enum value 'mine'",
        ),
        ("language = 'de'", "language: invalid enum value 'de'"),
        ("[network]\nrefresh_hours = 0", "network.refresh_hours: expected `float` > 0.0"),
        ("[network]\nrefresh_hours = nan", "network.refresh_hours: expected `float` > 0.0"),
        ("[state]\nevidence_days = inf", "state.evidence_days: expected `float` <= "),
        ("[state]\nevidence_days = -1", "state.evidence_days: expected `float` > 0.0"),
        ("[state]\nevidence_rows = 0", "state.evidence_rows: expected `int` >= 1"),
        ("[budgets]\nrouter = 1", "budgets.router: expected `int` >= 2"),
        ("[budgets]\nseries_per_metric = 0", "budgets.series_per_metric: expected `int` >= 1"),
        ("[windows]\ntalked = -0.1", "windows.talked: expected `float` >= 0.0"),
        ("[windows]\nclosed_socket = inf", "windows.closed_socket: expected `float` <= 86400.0"),
        ("[listen]\nreceive_buffer_bytes = 9999999999", "listen.receive_buffer_bytes: expected"),
        ("[listen\n", "expected ']' at the end of a table declaration (at line 1, column 8)"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, message):
    assert complaint(text).lower().startswith(message.lower())


def test_all_files_are_those_of_the_listeners_and_of_the_routers():
    text = "[listen]\nfiles = ['-', '/a']\n[[router]]\nname = 'b'\nfiles = ['/b/*.log']"
    assert parse(text).files == ("-", "/a", "/b/*.log")


def assert_taken_or_refused(text: str) -> None:
    try:
        parse(text)
    except ConfigError as error:
        refusal = str(error)
    else:
        refusal = "configuration: none"
    assert refusal.startswith("configuration: ")


TOML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
).filter(lambda value: value is not None)


def as_toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_toml(k)} = {as_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_toml(entry) for entry in value if entry is not None) + "]"
    if isinstance(value, str):
        return (
            '"' + "".join(f"\\U{ord(c):08x}" for c in value if not "\ud800" <= c < "\ue000") + '"'
        )
    return "1" if value is None else str(value)


@given(st.sampled_from(sorted(set(layouts()) - {""})), st.text(max_size=8) | st.just("name"), TOML)
def test_any_value_anywhere_is_taken_or_refused_by_name(where, key, value):
    name = as_toml(key)
    for text in (f"[{where}]\n{name} = {as_toml(value)}", f"{where} = {as_toml(value)}"):
        assert_taken_or_refused(text)


@given(st.text())
def test_any_text_is_taken_or_refused_by_name(text):
    assert_taken_or_refused(text)


def test_the_file_is_the_one_that_is_asked_for(tmp_path):
    given_, environment = tmp_path / "given.toml", tmp_path / "environment.toml"
    given_.write_text("[listen]\nhttp_port = 1")
    environment.write_text("[listen]\nhttp_port = 2")
    variables = {"KNOCKWATCH_CONFIG": str(environment)}
    assert load(str(given_), variables).listen.http_port == 1
    assert load(None, variables).listen.http_port == 2
    assert load(None, {"KNOCKWATCH_CONFIG": ""}) == Config()


def test_no_file_is_found_by_accident(tmp_path, monkeypatch):
    for name in ("knockwatch.toml", "config.toml", ".knockwatch.toml", "knockwatch.example.toml"):
        (tmp_path / name).write_text("[listen]\nhttp_port = 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KNOCKWATCH_CONFIG", raising=False)
    assert load(None) == Config()


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    missing, folder, latin = (tmp_path / name for name in ("missing.toml", "folder", "latin.toml"))
    folder.mkdir()
    latin.write_bytes('name = "Büro"'.encode("latin-1"))
    for path in (missing, folder, latin):
        with pytest.raises(ConfigError, match="cannot be read") as caught:
            load(str(path), {})
        assert str(caught.value).startswith(f"{path}: ")


def test_a_file_of_windows_notepad_is_read(tmp_path):
    path = tmp_path / "notepad.toml"
    path.write_bytes(b"\xef\xbb\xbf[listen]\r\nhttp_port = 7\r\n")
    assert load(str(path), {}).listen.http_port == 7


@pytest.mark.parametrize(
    ("given_", "environment", "folder"),
    [
        ("/given", {"STATE_DIRECTORY": "/systemd", "XDG_STATE_HOME": "/xdg"}, "/given"),
        (None, {"STATE_DIRECTORY": "/systemd", "XDG_STATE_HOME": "/xdg"}, "/systemd"),
        (None, {"STATE_DIRECTORY": "/one:/two"}, "/one"),
        (None, {"STATE_DIRECTORY": "", "XDG_STATE_HOME": "/xdg"}, "/xdg/knockwatch"),
        (None, {"XDG_STATE_HOME": ""}, "/home/anna/.local/state/knockwatch"),
        (None, {}, "/home/anna/.local/state/knockwatch"),
    ],
)
def test_state_is_kept_where_the_nearest_wish_says(given_, environment, folder, monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    assert config.state_dir(given_, environment) == Path(folder)


def test_a_user_without_a_home_is_told_what_to_give(monkeypatch):
    def homeless(self: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    with pytest.raises(ConfigError, match="--state-dir"):
        config.state_dir(None, {})


def test_the_name_that_links_use_is_one_of_the_pages_names(tmp_path):
    file = tmp_path / "knockwatch.toml"
    file.write_text('[listen]\nhost_names = ["exporter"]\n')
    names = load(str(file), {"KNOCKWATCH_HOST": "homeserver.lan"}).listen.host_names
    assert names == ("exporter", "homeserver.lan")
    assert load(None, {"KNOCKWATCH_HOST": "exporter"}).listen.host_names == ("exporter",)
    assert load(None, {"KNOCKWATCH_HOST": ""}).listen.host_names == ()


def test_own_knowledge_is_tried_at_once(tmp_path):
    file = tmp_path / "own.yaml"
    asked = f'[knowledge]\nfiles = ["{file}"]'
    assert complaint(asked).startswith("knowledge.files[0]: cannot be read: ")
    file.write_text("applications: [{id: x, nme: y}]")
    assert complaint(asked) == f"{file}: applications[0]: Object contains unknown field `nme`"
    file.write_text("everyone_ports: [22778]")
    assert parse(asked).knowledge.files == (str(file),)
