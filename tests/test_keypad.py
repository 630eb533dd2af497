"""Keys of a telephone as data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.keypad import KEYS, LETTERS, is_keys, key_name, key_of, letters_to_keys, spell, take_back, unspell


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        pytest.param("Main", "6246", id="a name"),
        pytest.param("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999", id="every letter"),
        pytest.param("186th", "18684", id="digits are their own keys"),
        pytest.param("O'Brien St.", "627436" + "78", id="marks and spaces have no key"),
        pytest.param("Peñón", "73666", id="accents do not count"),
        pytest.param("", "", id="nothing"),
        pytest.param("²½", "212", id="compatibility digits"),
    ],
)
def test_letters_become_the_keys_they_are_printed_on(text: str, keys: str) -> None:
    assert letters_to_keys(text) == keys


@given(st.text())
def test_letters_only_ever_become_digits(text: str) -> None:
    assert set(letters_to_keys(text)) <= set("0123456789")


@pytest.mark.parametrize("key", KEYS)
def test_a_key_and_its_name_lead_to_each_other(key: str) -> None:
    assert key_of(key_name(key)) == key


@pytest.mark.parametrize("name", ["*", "#", "12", "", "Star", "hash", "٣"])
def test_a_word_that_is_no_key_stands_for_none(name: str) -> None:
    assert key_of(name) is None


@pytest.mark.parametrize("key", ["", "12", "star", "A"])
def test_only_keys_have_names(key: str) -> None:
    with pytest.raises(ValueError, match="not a key of a telephone"):
        key_name(key)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0612", True), ("*#", True), ("", False), ("12a", False), ("1 2", False), ("٣", False)],
)
def test_dialled_text_has_keys_only(text: str, expected: bool) -> None:
    assert is_keys(text) is expected


def test_every_letter_is_on_one_key() -> None:
    assert sorted("".join(LETTERS.values())) == [chr(code) for code in range(ord("A"), ord("Z") + 1)]


@pytest.mark.parametrize(
    ("keyed", "text"),
    [
        ("2122", "AB"),
        ("74", "S"),
        ("94", "Z"),
        ("31" + "10" + "00", "D10"),
        ("61" + "01" + "62", "M N"),
        ("20" + "11" + "40", "2-4"),
        ("", ""),
    ],
)
def test_two_presses_a_character_spell_exactly(keyed: str, text: str) -> None:
    assert unspell(keyed) == text
    assert spell(text) == keyed


@pytest.mark.parametrize("keyed", ["2", "24", "212", "12", "2*", "09"])
def test_a_pair_that_stands_for_nothing_spells_nothing(keyed: str) -> None:
    assert unspell(keyed) is None


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -"))
def test_whatever_can_be_spelled_comes_back(text: str) -> None:
    assert unspell(spell(text)) == text


@pytest.mark.parametrize(
    ("keyed", "left"),
    [("2*22", "22"), ("*21", "21"), ("21**", ""), ("2122*", "21"), ("2122*31", "2131"), ("212*", "21"), ("***", "")],
)
def test_each_star_takes_back_a_letter_or_the_half_of_one(keyed: str, left: str) -> None:
    assert take_back(keyed) == left
