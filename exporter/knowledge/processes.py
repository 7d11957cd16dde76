"""Find the application that a process name belongs to.

Names are compared without case and without `.exe`. Windows runs services inside `svchost.exe`, and
its name is then followed by the services, as in `svchost.exe (DoSvc, iphlpsvc)`: each of them
counts. A bracket behind any other name is a remark for people, so such a name only matches as a
whole. Linux cuts the name of a process at 15 characters.
"""

from collections.abc import Iterable, Iterator

from exporter.knowledge.records import Application

_COMM = 15  # TASK_COMM_LEN - 1
_SERVICE_HOST = "svchost"


class ProcessNames:
    """The applications, indexed by the names of their processes."""

    def __init__(self, applications: Iterable[Application]):
        self._found: dict[str, list[Application]] = {}
        for application in applications:
            for key in _known_keys(application):
                entries = self._found.setdefault(key, [])
                if application not in entries:
                    entries.append(application)

    def find(self, process: str, transport: str, port: int | None) -> Application | None:
        """Return the application of a process; the port decides between several."""
        for key in _keys(process):
            entries = self._found.get(key)
            if entries is None:
                continue
            users = (entry for entry in entries if _uses(entry, transport, port))
            return next(users, entries[-1])
        return None


def _uses(application: Application, transport: str, port: int | None) -> bool:
    """Tell whether an application is known to open this very port on its own side."""
    if port is None:
        return False
    return any(p.role != "remote" and p.holds(transport, port) for p in application.ports)


def _known_keys(application: Application) -> Iterator[str]:
    names = application.process_names
    for name in (*names.windows, *names.macos, *names.linux):
        if name.startswith("("):  # "(random name)" describes a process, it names none
            continue
        host, services = _split(name)
        if host == _SERVICE_HOST and services:
            yield from (f"{host} ({service})" for service in services)
        else:
            yield _plain(name)
    yield from (_plain(name)[:_COMM] for name in names.linux if not name.startswith("("))


def _keys(process: str) -> Iterator[str]:
    """Yield what to look for, the most exact first."""
    yield _plain(process)
    host, services = _split(process)
    if host == _SERVICE_HOST:
        yield from (f"{host} ({service})" for service in services)
        yield host


def _split(name: str) -> tuple[str, list[str]]:
    """Split `svchost.exe (DoSvc, iphlpsvc)` into its host and its services."""
    host, _, rest = name.partition("(")
    services = rest.strip().removesuffix(")").split(",")
    return _plain(host), [service.strip().lower() for service in services if service.strip()]


def _plain(name: str) -> str:
    return name.strip().lower().removesuffix(".exe")
