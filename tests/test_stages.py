from exporter import build
from exporter.config import parse
from exporter.events import Event


def test_each_router_has_its_own_interfaces():
    stages = build.stages(parse('[[router]]\nname = "gate"\nlan_interfaces = ["br0"]\n'))
    event = Event(kind="rejected", ingress_interface="br0", source_ip="1.2.3.4", transport="udp")
    assert stages.rejection(event, "gate", 1.0).direction == "outbound"
    assert stages.rejection(event, "attic", 1.0).direction == "inbound"


def test_a_lease_in_the_log_tells_whose_an_address_is():
    stages = build.stages(parse(""))
    lease = Event(kind="dhcp_lease", ip="192.168.1.23", mac="00:00:5e:00:53:01", hostname="ben-pc")
    stages.learn(lease, "gate", 1.0)
    assert stages.hosts.inventory.owner("192.168.1.23", 2.0) == "ben-pc"
