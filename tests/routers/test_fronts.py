from exporter.events import Event
from exporter.routers import fronts as module
from exporter.routers.fronts import Fronts
from tests.test_pipeline import pipeline, rows
from tests.test_pipeline import send as sent
from tests.world import WAN, rejection

OUTSIDE = "100.72.0.10"


def event(interface="ppp0", to=WAN, out=None):
    return Event(
        kind="rejected", ingress_interface=interface, egress_interface=out, destination_ip=to
    )


def knowing(interface="ppp0", out=None, **changes):
    fronts = Fronts()
    fronts.add(rejection(**changes), event(interface, out=out))
    return fronts


def test_what_comes_in_as_strangers_do_is_from_outside():
    assert knowing().leads_outside("gw", event())


def test_another_interface_address_or_router_says_nothing():
    assert not knowing().leads_outside("gw", event("br-lan"))  # a device calls our own address
    assert not knowing().leads_outside("gw", event(to="192.168.1.1"))
    assert not knowing().leads_outside("other", event())
    assert not knowing(interface=None).leads_outside("gw", event(None))


def test_only_strangers_for_the_router_itself_tell():
    assert not knowing(remote_ip="192.168.1.5").leads_outside("gw", event())
    assert not knowing(remote_ip="").leads_outside("gw", event())
    assert not knowing(inside=True).leads_outside("gw", event())
    assert not knowing(direction="outbound").leads_outside("gw", event())
    assert not knowing("br-lan", out="ppp0").leads_outside("gw", event("br-lan"))


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_ROUTERS", 2)
    monkeypatch.setattr(module, "MAX_WAYS", 2)
    fronts = Fronts()
    for router in ("a", "b", "c"):
        for ip in ("203.0.113.1", "203.0.113.2", "203.0.113.3"):
            fronts.add(rejection(router=router, our_ip=ip), event(to=ip))
    known = [
        (router, ip)
        for router in ("a", "b", "c")
        for ip in ("203.0.113.1", "203.0.113.2", "203.0.113.3")
        if fronts.leads_outside(router, event(to=ip))
    ]
    assert known == [(r, f"203.0.113.{n}") for r in ("b", "c") for n in (2, 3)]


def line(source, interface="ppp0"):
    ends = f"SRC={source} DST={OUTSIDE} LEN=60 PROTO=UDP SPT=3478 DPT=51413 LEN=40"
    return f"kernel: [UFW BLOCK] IN={interface} OUT= {ends}".encode()


def test_a_carriers_private_address_is_no_device_of_ours():
    line_pipe = pipeline()
    for source, interface in (("10.1.2.3", "ppp0"), ("23.45.67.89", "ppp0"), ("10.1.2.3", "ppp0")):
        sent(line_pipe, line(source, interface))
    sent(line_pipe, line("192.168.1.5", "br-lan"))
    found = rows(line_pipe, "rejected_packets_total")
    by_direction = {}
    for labels, count in found.items():
        by_direction[labels[1]] = by_direction.get(labels[1], 0) + count
    # The first line alone cannot be told from a device of ours that calls out.
    assert by_direction == {"inbound": 2, "outbound": 2}
