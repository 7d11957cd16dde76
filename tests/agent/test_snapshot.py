import pytest

from exporter.agent.snapshot import names_a_host


@pytest.mark.parametrize("ip", ["192.168.1.10", "203.0.113.9", "2001:db8::1", "fd00::2"])
def test_an_ordinary_address_names_a_host(ip: str):
    assert names_a_host(ip)


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1", "fe80::1", "169.254.3.4", "0.0.0.0", "::"])
def test_loopback_and_link_local_addresses_name_no_host(ip: str):
    assert not names_a_host(ip)
