from hypothesis import given
from hypothesis import strategies as st

from exporter.attribution.decoys import decoy
from exporter.attribution.nat import Nats
from tests.world import rejection

RANGES = ((1, 1023), (1024, 32767), (32768, 49151), (49152, 65535))
REMOTE = st.ip_addresses(v=4).map(str)


@given(port=st.integers(1, 65535), remote=REMOTE)
def test_the_decoy_is_another_port_of_the_same_range_and_another_sender_nearby(port, remote):
    found = decoy(rejection(port, remote_ip=remote), shared=False)
    assert found.our_port != port
    assert any(low <= port <= high and low <= found.our_port <= high for low, high in RANGES)
    assert found.remote_ip != remote
    assert found.remote_ip.split(".")[:2] == remote.split(".")[:2]


@given(
    psid=st.integers(0, 255), place=st.tuples(st.integers(1, 15), st.integers(0, 15)), remote=REMOTE
)
def test_of_a_shared_address_it_is_another_port_of_the_homes_own(psid, place, remote):
    port = place[0] << 12 | psid << 4 | place[1]
    found = decoy(rejection(port, remote_ip=remote), shared=True).our_port
    assert found != port
    nats = Nats()
    for block in range(1, 16):
        nats.add(rejection(block << 12 | psid << 4))
    nats.add(rejection(found))
    assert nats.is_shared("gw")


def test_it_is_the_same_each_time():
    assert decoy(rejection(), shared=False) == decoy(rejection(), shared=False)


def test_where_no_port_decides_there_is_none():
    assert decoy(rejection(None), shared=False) is None
    assert decoy(rejection(our_ip="2001:db8::5", inside=True), shared=False) is None
