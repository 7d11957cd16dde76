from hypothesis import given
from hypothesis import strategies as st

from exporter.addresses import neighbour
from exporter.attribution.decoys import decoy, decoys
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


@given(
    st.lists(
        st.tuples(
            st.one_of(REMOTE, REMOTE, st.ip_addresses(v=6).map(str)),
            st.integers(1, 65535),
            st.floats(0, 2e9),
        )
    ),
    st.booleans(),
)
def test_of_many_each_has_its_own(ends, shared):
    sources, ports, moments = zip(*ends, strict=True) if ends else ((), (), ())
    found = zip(*decoys(sources, ports, moments, shared=shared), strict=True)
    for (source, port, moment), other in zip(ends, found, strict=True):
        alone = decoy(rejection(port, remote_ip=source, received=moment), shared=shared)
        assert other == (alone.remote_ip, alone.our_port)


def test_a_sender_nearby_is_a_neighbour():
    sources = ["198.51.100.7", "198.51.255.255"]
    [near, other], _ = decoys(sources, [51413, 51413], [5.0, 5.0], shared=False)
    assert near in {neighbour(sources[0], distance) for distance in range(1, 65536)}
    assert other in {neighbour(sources[1], distance) for distance in range(1, 65536)}
    assert decoys([""], [51413], [5.0], shared=False)[0] == [""]
