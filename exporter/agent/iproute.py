"""pyroute2's `IPRoute`, without the rest of pyroute2.

The package imports each protocol that it knows as soon as any part of it is asked for: 6 MiB and a
fifth of a second, for an agent that is to be small. So its parts are imported under a package that
is empty, and the real one is left to whoever asks for it later. Should a version not allow that,
it is imported whole.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_NAME = "pyroute2"
_PARTS = ((f"{_NAME}.iproute.linux", "IPRoute"), (f"{_NAME}.netlink.exceptions", "NetlinkError"))


def _parts() -> list[Any]:
    return [getattr(importlib.import_module(module), name) for module, name in _PARTS]


def _lean() -> list[Any]:
    spec = find_spec(_NAME)
    if spec is None or _NAME in sys.modules:
        return _parts()
    sys.modules[_NAME] = _empty(spec)
    try:
        return _parts()
    except (ImportError, AttributeError):
        for name in [name for name in sys.modules if name.startswith(f"{_NAME}.")]:
            del sys.modules[name]
    finally:
        del sys.modules[_NAME]
    return _parts()


def _empty(spec: ModuleSpec) -> ModuleType:
    package = ModuleType(_NAME)
    package.__path__ = list(spec.submodule_search_locations or ())
    return package


IPRoute, NetlinkError = _lean()
