from exporter import build
from exporter.config import parse
from exporter.events import Event


def test_each_router_has_its_own_interfaces():
    stages = build.stages(parse('[[router]]\nname = "gate"\nlan_interfaces = ["br0"]\n'))
    event = Event(kind="rejected", ingress_interface="br0", source_ip="1.2.3.4", transport="udp")
    assert stages.rejection(event, "gate", 1.0).direction == "outbound"
    assert stages.rejection(event, "attic", 1.0).direction == "inbound"
