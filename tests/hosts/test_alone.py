"""What is left of a report that counts for its own device alone."""

from exporter.host_report import Flow, HostReport, MappedPort, Neighbour, PortTable
from exporter.hosts.alone import OTHERS, alone, guests_of


def flow(address: str) -> Flow:
    return Flow(
        transport="udp", local_ip=address, local_port=1, remote_ip="198.51.100.1", remote_port=2
    )


def report(*flows: Flow, **facts) -> HostReport:
    told = {"addresses": ("192.168.1.5", "fe80::5"), **facts}
    return HostReport(version=1, device="PC", flows=flows, **told)


def test_its_own_conversations_stay_and_others_go():
    own = [flow(ip) for ip in ("192.168.1.5", "fe80::5", "0.0.0.0")]
    left = alone(report(*own, flow("192.168.1.20")))
    assert left.flows == tuple(own)
    assert left.lacks == (OTHERS,)


def test_those_of_its_containers_stay_and_of_its_neighbours_go():
    near = (
        Neighbour(ip="172.17.0.2", mac="02:42:ac:11:00:02", interface="docker0"),
        Neighbour(ip="192.168.1.20", mac="02:00:5e:00:53:01", interface="br-lan"),
    )
    told = report(flow("172.17.0.2"), flow("192.168.1.20"), neighbours=near)
    assert list(guests_of(told)) == [near[0]]
    assert alone(told).flows == (flow("172.17.0.2"),)
    assert alone(told).neighbours == near  # whose they are is asked elsewhere


def test_where_a_routers_ports_lead_goes():
    mapped = MappedPort(transport="udp", port=1, ip="192.168.1.20", inside_port=1)
    left = alone(report(port_table=PortTable(gateway="192.168.1.1", mappings=(mapped,))))
    assert left.port_table is None
    assert left.lacks == (OTHERS,)


def test_what_is_of_itself_is_left_as_it_is():
    told = report(flow("192.168.1.5"), lacks=("programs",))
    assert alone(told) == told
    without = report(flow("192.168.1.5"), addresses=())
    assert alone(without) == without


def test_what_a_report_lacks_is_said_once():
    lacking = alone(report(flow("192.168.1.20"), lacks=("programs",)))
    assert lacking.lacks == ("programs", OTHERS)
    assert alone(lacking).lacks == ("programs", OTHERS)
