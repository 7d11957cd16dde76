"""The devices that report, and what each of them says: sockets, conversations, bytes."""

from exporter.hosts.hosts import MAX_DEVICES, Hosts

__all__ = ["MAX_DEVICES", "Hosts"]
