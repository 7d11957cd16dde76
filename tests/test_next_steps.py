from exporter.addresses import canonical
from exporter.next_steps import next_steps, own_address
from exporter.transports import gateway


def test_the_next_steps_are_three_lines_with_addresses():
    lines = next_steps("http://192.168.1.9:10151", "192.168.1.9", 5514).splitlines()
    assert len(lines) == 3
    assert "http://192.168.1.9:10151" in lines[0]
    assert "192.168.1.9 port 5514" in lines[1]
    assert "knockwatch agent --server http://192.168.1.9:10151" in lines[2]


def test_our_own_address_is_one(monkeypatch):
    monkeypatch.delenv("KNOCKWATCH_HOST", raising=False)
    monkeypatch.setattr(gateway, "masks", list)
    own = own_address()
    assert own == "localhost" or canonical(own) == own


def test_an_address_that_was_given_is_taken(monkeypatch):
    monkeypatch.setenv("KNOCKWATCH_HOST", "nas.local")
    assert own_address() == "nas.local"


def test_a_container_cannot_tell_its_own_address(monkeypatch):
    monkeypatch.delenv("KNOCKWATCH_HOST", raising=False)
    monkeypatch.setattr(gateway, "masks", lambda: ["172.17.0.1"])
    assert own_address() == "SERVER"
