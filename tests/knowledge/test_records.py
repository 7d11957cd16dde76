import msgspec
import pytest

from exporter.knowledge.records import Application, ApplicationPort, PortEntry, SourcePort, Text

TEXT = {"en": "a", "ja": "b"}


def port(**fields):
    return msgspec.convert(
        {"proto": "udp", "name": "n", "kind": "scan", "why": TEXT} | fields, PortEntry
    )


def test_a_port_and_a_range_have_bounds():
    assert port(port=53).bounds == (53, 53)
    assert port(port_range=[6881, 6889]).bounds == (6881, 6889)


@pytest.mark.parametrize(
    "fields",
    [{}, {"port": 1, "port_range": [1, 2]}, {"port": 65536}, {"port": -1}, {"port_range": [9, 1]}],
)
def test_what_is_no_port_is_refused(fields):
    with pytest.raises(msgspec.ValidationError, match="port"):
        port(**fields)
    hint = {"proto": "udp", "name": "n", "reading": "benign", "weight": 1.0, "why": TEXT}
    with pytest.raises(msgspec.ValidationError, match="port"):
        msgspec.convert(hint | fields, SourcePort)


def test_a_port_and_a_hint_may_be_called_otherwise_in_japanese():
    hint = {"proto": "udp", "port": 1, "reading": "benign", "weight": 1.0, "why": TEXT}
    for entry in (
        port(port=515, name="LPD printer", name_ja="LPDプリンター"),
        msgspec.convert(hint | {"name": "LPD printer", "name_ja": "LPDプリンター"}, SourcePort),
    ):
        assert (entry.called("en"), entry.called("ja")) == ("LPD printer", "LPDプリンター")
    assert port(port=22, name="SSH").called("ja") == "SSH"


def test_an_unknown_key_is_noticed():
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        port(port=53, prot="udp")


def test_a_programs_range_holds_its_ports_of_its_transport():
    listens = msgspec.convert(
        {"proto": "udp", "role": "listen", "from": 10, "to": 20}, ApplicationPort
    )
    assert listens.holds("udp", 10)
    assert listens.holds("udp", 20)
    assert not listens.holds("udp", 21)
    assert not listens.holds("tcp", 10)


def test_a_dynamic_port_holds_none_for_sure():
    dynamic = msgspec.convert({"proto": "udp", "role": "listen", "dynamic": True}, ApplicationPort)
    assert not dynamic.holds("udp", 50000)


def test_a_sentence_names_a_program_without_what_it_lists_in_brackets():
    def called(name, language="en", name_ja=None):
        text = Text(en="", ja="")
        program = Application(
            id="x", name=name, name_ja=name_ja, kind="game", verdict="benign", confidence="high",
            summary=text, advice=text,
        )  # fmt: skip
        return program.called(language)

    assert called("Web browser (QUIC / HTTP3)") == "Web browser"
    assert called("System (PID 4) / kernel sockets") == "System (PID 4) / kernel sockets"
    assert called("Steam", "ja") == "Steam"
    assert called("Web browser (QUIC)", "ja", "Webブラウザー") == "Webブラウザー"
