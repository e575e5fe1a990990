"""The command line: every module parses, calls and prints. ``app`` joins them."""
