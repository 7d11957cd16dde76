"""Who is who in the home: addresses, stations and names to devices, and when."""

from exporter.inventory.inventory import Holder, Inventory
from exporter.inventory.whereabouts import Place

__all__ = ["Holder", "Inventory", "Place"]
