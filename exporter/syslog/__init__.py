"""Syslog as it arrives: framing, header and repeats. Everything here is a function of its bytes."""
