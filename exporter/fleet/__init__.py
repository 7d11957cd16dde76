"""A fleet of sites: relays write what they receive to Kafka, workers read and count it."""
