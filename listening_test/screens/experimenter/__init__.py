"""The experimenter's pages: in English, behind a password or OIDC."""
