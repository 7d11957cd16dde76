"""Whose network, and which way: what is added to a rejected packet before anybody is asked."""

from exporter.enrichment.asn import RangeTable, Registration, Table, TableError, embedded
from exporter.enrichment.direction import Home, Interfaces, rejection
from exporter.enrichment.networks import Networks
from exporter.enrichment.table_files import JoinedTables, MmdbTable, read_table

__all__ = [
    "Home",
    "Interfaces",
    "JoinedTables",
    "MmdbTable",
    "Networks",
    "RangeTable",
    "Registration",
    "Table",
    "TableError",
    "embedded",
    "read_table",
    "rejection",
]
