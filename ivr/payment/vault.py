"""Encryption of what must lie somewhere between two turns, and signatures for URLs nobody may guess.

Sealing is Fernet (AES-128-CBC with HMAC-SHA256): the first key seals, every key opens, so keys rotate by putting a
new one in front. Signatures use keys of their own, derived from the same ones. What was sealed and when it dies is
known to whoever keeps it; the vault only refuses to open what is older than it is told.
"""

from __future__ import annotations

import base64
import hmac
import os
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ivr.errors import SettingError
from ivr.secret import Secret
from ivr.settings import encryption_keys

_MAC_BYTES = 16


class Vault:
    """Seal and sign with the first key, open and verify with any; made once, as deriving the keys takes a while."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet  # only for those who seal, not for a check
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        def signing_key(key: Secret) -> bytes:
            raw = base64.urlsafe_b64decode(key.reveal())
            return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"ivr url signature").derive(raw)

        self._invalid = InvalidToken
        self._fernet = MultiFernet([Fernet(key.reveal()) for key in keys])
        self._signers = [signing_key(key) for key in keys]

    def seal(self, data: bytes, now: datetime) -> bytes:
        """Encrypt, stamped with the time given."""
        return self._fernet.encrypt_at_time(data, int(now.timestamp()))

    def open(self, sealed: bytes, max_age_s: int | None, now: datetime) -> bytes | None:
        """Decrypt; None when it is too old (or from the future), was tampered with, or was sealed by an unknown key."""
        try:
            if max_age_s is None:
                return self._fernet.decrypt(sealed)
            return self._fernet.decrypt_at_time(sealed, max_age_s, int(now.timestamp()))
        except self._invalid:
            return None

    def sign(self, text: str) -> str:
        """Return a short URL-safe code that only this line can make for the text."""
        return _mac(self._signers[0], text)

    def signatures(self, text: str) -> tuple[str, ...]:
        """Return the codes that each of our keys makes for the text, `sign`'s first: to find what an older key signed."""
        return tuple(_mac(key, text) for key in self._signers)

    def signed(self, text: str, mac: str) -> bool:
        """Say whether the code was made for this text by any of our keys."""
        return any(hmac.compare_digest(_mac(key, text).encode(), mac.encode()) for key in self._signers)


def _mac(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode(), "sha256")[:_MAC_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def local_key(path: Path) -> Secret:
    """Return the key kept in a file of ours alone, made the first time; processes starting at once get the same one.

    SettingError when the file holds no key, can be read by other users, or cannot be made.
    """
    try:
        if not path.exists():
            _make_key(path)
        if path.stat().st_mode & 0o077:
            raise SettingError(f"{path}: expected a key file of mode 0600, found one that other users can read")
        found = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{path}: the key file cannot be made or read; set IVR_SECRET_KEY instead") from error
    try:
        (key,) = encryption_keys(found)
    except ValueError:
        raise SettingError(f"{path}: expected one key of 32 bytes in URL-safe base64, found something else") from None
    return key


def _make_key(path: Path) -> None:
    """Write a whole key aside, mode 0600, then link it into place: the first link wins and no reader sees half a key."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(32)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(aside)
    except FileExistsError:
        pass  # another process was first; its key is the one
    finally:
        aside.unlink()
