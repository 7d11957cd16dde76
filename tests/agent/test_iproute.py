import subprocess
import sys

import pytest

if sys.platform != "linux":
    pytest.skip("pyroute2 is for Linux", allow_module_level=True)

pytestmark = pytest.mark.thorough


def run(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_of_pyroute2_only_what_is_needed_is_imported():
    code = (
        "import sys; from exporter.agent.iproute import IPRoute\n"
        "IPRoute().close(); print({'pyroute2', 'pyroute2.ndb', 'psutil'} & set(sys.modules))"
    )
    assert run(code) == "set()"


def test_the_whole_package_is_there_for_whoever_wants_it_later():
    code = (
        "from exporter.agent.iproute import IPRoute as ours\n"
        "from pyroute2 import DiagSocket, IPRoute, NetlinkError, netns\n"
        "import pyroute2\n"
        "print(IPRoute is ours, NetlinkError is pyroute2.NetlinkError)"
    )
    assert run(code) == "True True"


def test_a_package_that_is_there_already_is_used():
    code = (
        "from pyroute2 import IPRoute, NetlinkError\n"
        "from exporter.agent import iproute\n"
        "print(iproute.IPRoute is IPRoute, iproute.NetlinkError is NetlinkError)"
    )
    assert run(code) == "True True"


def test_a_version_that_cannot_be_imported_in_parts_is_imported_whole():
    code = (
        "import importlib, sys\n"
        "real = importlib.import_module\n"
        "def whole(name):\n"
        "    package = sys.modules.get('pyroute2')\n"
        "    if package and not hasattr(package, '__file__'):\n"
        "        raise ImportError('it needs its package')\n"
        "    return real(name)\n"
        "importlib.import_module = whole\n"
        "from exporter.agent.iproute import IPRoute\n"
        "IPRoute().close(); print('pyroute2.ndb' in sys.modules)"
    )
    assert run(code) == "True"
