"""All of HTTP: the exposition, the API, the page, and who may use them."""

from exporter.web.routes import create

__all__ = ["create"]
