"""Whom packets follow that nobody is named for: the bisection as statistics."""

from exporter.bisection.bisection import Bisection, Found, Remembered, concerns

__all__ = ["Bisection", "Found", "Remembered", "concerns"]
