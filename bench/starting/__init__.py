"""The first configuration of a user: what a folder holds, what works here, and the YAML text made of both."""
