"""Codecs beside each other, over runs and listening tests, with what is known of their order."""
