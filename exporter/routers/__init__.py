"""The routers that log: which it was, its clock, its line, and whether it says all."""

from exporter.routers.routers import Router, RouterRule, Routers

__all__ = ["Router", "RouterRule", "Routers"]
