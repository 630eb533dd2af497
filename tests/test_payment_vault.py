import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import SettingError
from ivr.payment.vault import Vault, local_key
from ivr.secret import Secret

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD_KEY, NEW_KEY = (Secret(Fernet.generate_key().decode()) for _ in range(2))
OLD, NEW, ROTATED = Vault([OLD_KEY]), Vault([NEW_KEY]), Vault([NEW_KEY, OLD_KEY])


@given(st.binary(max_size=300))
def test_what_is_sealed_is_hidden_and_opens_again(data: bytes) -> None:
    sealed = NEW.seal(data, NOW)
    assert NEW.open(sealed, 300, NOW) == data
    assert len(data) < 8 or data not in sealed


@pytest.mark.parametrize(
    ("age", "max_age_s", "opens"),
    [(0, 300, True), (300, 300, True), (301, 300, False), (10**8, None, True), (-30, 300, True), (-3600, 300, False)],
    ids=["new", "last second", "too old", "no limit", "clocks apart", "from the future"],
)
def test_a_sealed_thing_dies_of_age(age: int, max_age_s: int | None, opens: bool) -> None:
    sealed = NEW.seal(b"4242", NOW)
    assert (NEW.open(sealed, max_age_s, NOW + timedelta(seconds=age)) == b"4242") is opens


def test_a_rotated_vault_opens_both_and_seals_with_the_first() -> None:
    assert ROTATED.open(OLD.seal(b"x", NOW), 300, NOW) == b"x"
    assert NEW.open(ROTATED.seal(b"x", NOW), 300, NOW) == b"x"
    assert OLD.open(ROTATED.seal(b"x", NOW), 300, NOW) is None


@pytest.mark.parametrize("max_age_s", [None, 300])
@given(position=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_a_changed_byte_never_opens(max_age_s: int | None, position: int, flip: int) -> None:
    sealed = bytearray(NEW.seal(b"x" * 32, NOW))
    sealed[position % len(sealed)] ^= flip
    assert NEW.open(bytes(sealed), max_age_s, NOW) in (None, b"x" * 32)  # base64 leaves bits of its last byte unused


@pytest.mark.parametrize("junk", [b"", b"junk", b"\xff" * 80])
def test_junk_never_opens(junk: bytes) -> None:
    assert NEW.open(junk, 300, NOW) is None


def test_a_signature_is_short_and_fits_a_url() -> None:
    assert len(NEW.sign("CA1/turn/3")) == 22
    assert set(NEW.sign("CA1/turn/3")) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@given(st.text(), st.text())
def test_a_signature_holds_for_its_text_alone(text: str, other: str) -> None:
    assert NEW.signed(text, NEW.sign(text))
    assert NEW.signed(other, NEW.sign(text)) is (text == other)


def test_signatures_survive_a_rotation_and_not_a_foreign_key() -> None:
    assert ROTATED.signed("a", OLD.sign("a"))
    assert ROTATED.sign("a") == NEW.sign("a")
    assert not OLD.signed("a", NEW.sign("a"))


@pytest.mark.parametrize("mac", ["", "é", "A" * 22, "A" * 21])
def test_a_guessed_signature_is_refused(mac: str) -> None:
    assert not NEW.signed("CA1/turn/3", mac)


def test_a_local_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "ivr.key"
    key = local_key(path)
    assert local_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    Vault([key]).seal(b"x", NOW)


def test_processes_starting_at_once_agree_on_the_local_key(tmp_path: Path) -> None:
    program = "import sys, pathlib, ivr.payment.vault as v; print(v.local_key(pathlib.Path(sys.argv[1])).reveal())"
    starting = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "ivr.key")], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in starting}) == 1


def test_an_open_key_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ivr.key"
    local_key(path)
    path.chmod(0o644)
    with pytest.raises(SettingError, match=r"ivr.key: expected a key file of mode 0600, found one that other users"):
        local_key(path)


def test_a_key_file_without_a_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ivr.key"
    path.touch(mode=0o600)
    path.write_text("hush")
    with pytest.raises(SettingError, match=r"ivr.key: expected one key of 32 bytes in URL-safe base64, found"):
        local_key(path)


def test_a_key_that_cannot_be_made_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="set IVR_SECRET_KEY instead"):
        local_key(tmp_path / "missing" / "ivr.key")
