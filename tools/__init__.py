"""Scripts for the maintainers: data and pages that are generated."""
