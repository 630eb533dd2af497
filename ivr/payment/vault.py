"""Encrypts what must be stored between two turns, and signs URLs that nobody may guess.

Sealing is encryption with Fernet (AES-128-CBC with HMAC-SHA256): the first key seals, and every key opens, so keys are
rotated by putting a new one in front. Signatures use separate keys, derived from the same ones. The vault records
nothing of what it sealed; it only refuses to open what is older than the caller of `open` allows.
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
    """Seals and signs with the first key, opens and verifies with any. Made once, as deriving the keys takes time."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet  # imported here, as not every command seals
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        def signing_key(key: Secret) -> bytes:
            raw = base64.urlsafe_b64decode(key.reveal())
            return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"ivr url signature").derive(raw)

        self._invalid = InvalidToken
        fernets = [Fernet(key.reveal()) for key in keys]
        self._first, self._fernet = fernets[0], MultiFernet(fernets)
        self._signers = [signing_key(key) for key in keys]

    def seal(self, data: bytes, now: datetime) -> bytes:
        """Return the data encrypted, with `now` as its time."""
        return self._fernet.encrypt_at_time(data, int(now.timestamp()))

    def open(self, sealed: bytes, max_age_s: int | None, now: datetime) -> bytes | None:
        """Return the decrypted data, or None if it cannot be opened.

        That is so if it is older than `max_age_s` seconds (or from the future), was tampered with, or was sealed with
        an unknown key. With `max_age_s` None, any age will do.
        """
        try:
            if max_age_s is None:
                return self._fernet.decrypt(sealed)
            return self._fernet.decrypt_at_time(sealed, max_age_s, int(now.timestamp()))
        except self._invalid:
            return None

    def is_sealed_with_first(self, sealed: bytes) -> bool:
        """Return whether the first key alone opens it, so that the others are not needed for it."""
        try:
            self._first.decrypt(sealed)
        except self._invalid:
            return False
        return True

    @property
    def signing_key(self) -> bytes:
        """The key that signs, derived from the first one."""
        return self._signers[0]

    def sign(self, text: str) -> str:
        """Return a short URL-safe code for the text that only this line can make."""
        return mac(self.signing_key, text)

    def signed(self, text: str, code: str) -> bool:
        """Return whether the code was made for this text with any of the keys."""
        return any(hmac.compare_digest(mac(key, text).encode(), code.encode()) for key in self._signers)


def mac(key: bytes, text: str) -> str:
    """Return a short URL-safe code for the text, which nobody can make without the key."""
    digest = hmac.digest(key, text.encode(), "sha256")[:_MAC_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def local_key(path: Path) -> Secret:
    """Return the key in a file that only this user can read, making it the first time.

    Processes that start at the same time get the same key. Raises SettingError when the file holds no key, can be read
    by other users, or cannot be made.
    """
    try:
        if not path.exists():
            _make_key(path)
        if path.stat().st_mode & 0o077:
            raise SettingError(f"{path}: expected a key file of mode 0600, found one that other users can read")
        text_in_file = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{path}: the key file cannot be made or read; set IVR_SECRET_KEY instead") from error
    try:
        (key,) = encryption_keys(text_in_file)
    except ValueError:
        raise SettingError(f"{path}: expected one key of 32 bytes in URL-safe base64, found something else") from None
    return key


def _make_key(path: Path) -> None:
    """Write a key to a temporary file of mode 0600, then link it into place.

    The first link wins, and no reader sees half a key.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary_file = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(32)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(temporary_file)
    except FileExistsError:
        pass  # another process was first; its key counts
    finally:
        temporary_file.unlink()
