"""What Prometheus scrapes of knockwatch is as exact where it writes it on to: VictoriaMetrics."""

import time

from tests.system.parts.founding import flood
from tests.system.parts.knockwatch import free_port, serve
from tests.system.parts.needs import needs
from tests.system.parts.process import until
from tests.system.parts.prometheus import prometheus, ready
from tests.system.parts.victoria_metrics import remote_write

pytestmark = needs("prometheus", "victoria-metrics")

PACKETS = "knockwatch_rejected_packets_total"
# Prometheus writes on only what is dated after its own start, and the zero of a new series is dated
# ten seconds before its birth.
ZERO_BEFORE = 10.5  # seconds


def test_the_first_packet_of_a_series_counts_where_it_is_written_on_to(tmp_path, long_term):
    with serve(tmp_path) as server:
        target, more = server.url.removeprefix("http://"), remote_write(long_term)
        with prometheus(tmp_path, target, free_port(), more=more) as near:
            ready(near)
            began = time.monotonic()
            until(lambda: time.monotonic() > began + ZERO_BEFORE, "a zero after the start")
            server.send(*flood(300))
            until(lambda: near.number(f"sum({PACKETS})") == 300, "flood in Prometheus")
            # VictoriaMetrics remembers for ten seconds that it knew no such series: so the scrapes
            # are waited for, and the flood is asked for when it is there.
            scrapes = "count_over_time(up[5m])"
            known = near.number(scrapes) + 2
            until(lambda: long_term.number(scrapes) >= known, "later scrapes", seconds=40)
            until(lambda: long_term.number(f"sum({PACKETS})") == 300, "flood in VictoriaMetrics")
            # MetricsQL, other than PromQL, does not extrapolate: the number is the packets'.
            assert long_term.number(f"sum(increase({PACKETS}[5m]))") == 300
            labels = set(near.query(PACKETS))
            assert labels
            assert set(long_term.query(PACKETS)) == labels
