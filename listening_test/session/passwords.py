"""Passwords of experimenters: the configuration holds an Argon2id hash, never the password."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bench.errors import ConfigError


def hash_password(password: str) -> str:
    """The Argon2id hash of ``password`` with a salt of its own, for the configuration."""
    return PasswordHasher().hash(password)


def right_password(stored: str, password: str) -> bool:
    """Whether ``stored`` is the hash of ``password``. It takes tens of milliseconds on purpose.

    Raises:
        ConfigError: ``stored`` is no Argon2 hash.
    """
    try:
        return PasswordHasher().verify(stored, password)
    except InvalidHashError:
        raise ConfigError(
            "CODECBENCH_LISTEN_PASSWORD_HASH: expected an Argon2 hash, got another text. Set it to what `codecbench "
            "listen password` prints, and start the server again."
        ) from None
    except VerificationError:
        return False
