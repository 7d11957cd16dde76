"""A home's dashboard becomes a site's: each query asks for the site, and nothing else changes."""

import pytest

from dashboards.sites import OF_NO_SITE, selecting
from exporter.fleet import exposition
from tests.dashboards.generated import DASHBOARDS, FLEET_KEYS, walk


@pytest.mark.parametrize(
    ("home", "site"),
    [
        ("rate(knockwatch_a_total[5m])", 'rate(knockwatch_a_total{site="$site"}[5m])'),
        ('knockwatch_a{b="c"}', 'knockwatch_a{site="$site",b="c"}'),
        ("knockwatch_a{}", 'knockwatch_a{site="$site"}'),
        ("a:knockwatch_b:c > 0", 'a:knockwatch_b:c{site="$site"} > 0'),
        ('ALERTS{a="b"} or ALERTS', 'ALERTS{site="$site",a="b"} or ALERTS{site="$site"}'),
        ('up{job="knockwatch_a"} == 1', 'up{job="knockwatch_a"} == 1'),
        ('label_replace(up, "a", "knockwatch_b", "", "")',) * 2,
        ('count({__name__=~"knockwatch_a|b"})', 'count({site="$site",__name__=~"knockwatch_a|b"})'),
        ("a * on (b) group_left () knockwatch_network_info",) * 2,
    ],
)
def test_a_query_asks_for_the_site_wherever_it_asks_the_exporter(home, site):
    assert selecting(home) == site


def test_what_is_the_same_at_all_sites_is_known():
    assert exposition._EVERYWHERE <= OF_NO_SITE


@pytest.mark.parametrize(
    "key", [key for key in FLEET_KEYS if key[1] != "fleet/fleet"], ids="-".join
)
def test_a_sites_dashboard_has_the_panels_of_a_home(key):
    site, home = DASHBOARDS[key], DASHBOARDS[key[0], key[1].removeprefix("fleet/")]
    of_home = {value for value in walk(home) if isinstance(value, str)}
    for one, other in zip(site["panels"], home["panels"], strict=True):
        assert one.keys() == other.keys()
        assert one["gridPos"] == other["gridPos"]
        for target, before in zip(one["targets"], other["targets"], strict=True):
            assert (
                target["expr"].replace('{site="$site"}', "").replace('site="$site",', "")
                == (before["expr"])
            )
    assert site["title"] in of_home
