"""The twelve keys of a telephone: their names in definitions, the letters printed on them, and text keyed with them.

Definitions write the two symbols as words (`star`, `pound`), because YAML gives `*` and `#` meanings of its own. What a
caller dialled is always a text of characters from `KEYS`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

KEYS = "0123456789*#"
NAMES = {"star": "*", "pound": "#"}
STAR_AGAIN = "**"
"""A star right after the star that had a question repeated."""
SHARED_NAMES = {**NAMES, "star_again": STAR_AGAIN}
"""The names of keys that can mean the same in every question."""
NAME_OF_KEY = {key: name for name, key in SHARED_NAMES.items()}
"""The names of the keys that have one; a digit is its own."""
LETTERS = {"2": "ABC", "3": "DEF", "4": "GHI", "5": "JKL", "6": "MNO", "7": "PQRS", "8": "TUV", "9": "WXYZ"}
"""The letters on each key, as ITU-T E.161 prints them."""

FEWEST_FOR_A_SLIP = 3
"""From this many presses on, one may be wrong, missing or doubled. Fewer would match almost anything."""

_KEY_OF_LETTER = {letter: key for key, letters in LETTERS.items() for letter in letters}
_TO_KEYS = {code: _KEY_OF_LETTER.get(chr(code), chr(code) if chr(code) in KEYS[:10] else "") for code in range(128)}


def key_name(key: str) -> str:
    """Return the name of a key in definitions: `star` for `*`, a digit for itself.

    Raises ValueError for anything else.
    """
    if not is_key(key) and key != STAR_AGAIN:
        raise ValueError(f"not a key of a telephone: {key!r}")
    return NAME_OF_KEY.get(key, key)


def key_of(name: str, names: Mapping[str, str] = NAMES) -> str | None:
    """Return the key that a name in a definition stands for, or None when it stands for none."""
    if name in names:
        return names[name]
    return name if len(name) == 1 and name in KEYS[:10] else None


def is_key(text: str) -> bool:
    """Tell whether a text is one key."""
    return len(text) == 1 and text in KEYS


def is_keys(text: str) -> bool:
    """Tell whether a text could have been dialled: it has at least one key, and nothing else."""
    return bool(text) and all(character in KEYS for character in text)


def check_digit(digits: str) -> str:
    """Return the digit that has to follow some digits for all of them to pass Luhn's test.

    The test shows a slip in any one key.
    """
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[::-2])
    plain = sum(int(digit) for digit in digits[-2::-2])
    return str(-(doubled + plain) % 10)


def but_for_zeros(keyed: str, shortest: int, longest: int) -> tuple[str, ...]:
    """Return the numbers of `shortest` to `longest` digits that differ from what was keyed by leading zeros only.

    Labels and plan cards fill numbers up with zeros that the pharmacy's rows may not have, and the other way round.
    """
    bare = keyed.lstrip("0")
    return tuple(bare.zfill(length) for length in range(max(shortest, len(bare)), longest + 1))


def letters_to_keys(text: str) -> str:
    """Return the keys that spell a text with one press for each letter: `6246` for `Main`.

    Accents do not count and digits are their own keys. Whatever is on no key (spaces, hyphens) is left out.
    """
    if text.isascii():
        return text.upper().translate(_TO_KEYS)
    plain = unicodedata.normalize("NFKD", text).upper()
    return "".join(_KEY_OF_LETTER.get(c, c if c in KEYS[:10] else "") for c in plain)


def begins_within_a_slip(keyed: str, keys: str) -> bool:
    """Tell whether what was keyed is the beginning of `keys`, but for one press that is wrong, missing or too many.

    This takes at least `FEWEST_FOR_A_SLIP` presses.
    """
    if len(keyed) < FEWEST_FOR_A_SLIP:
        return False
    same = 0
    while same < len(keyed) and same < len(keys) and keyed[same] == keys[same]:
        same += 1
    rest = keyed[same + 1 :]
    return (
        same == len(keyed)
        or keys.startswith(rest, same + 1)  # a wrong one
        or keys.startswith(rest, same)  # one too many
        or keys.startswith(keyed[same:], same + 1)  # one missing
    )


# Exact spelling, two presses for each letter: its key, then its place on the key. A digit is followed by 0.

SPACE, HYPHEN = "01", "11"


def unspell(keyed: str) -> str | None:
    """Return the text that was spelled with two presses a character, `MG` for `6141`; None when a pair means nothing.

    `21` is A, `22` B, `74` S; `50` is the digit 5, `01` a space, `11` a hyphen.
    """
    pairs = [keyed[start : start + 2] for start in range(0, len(keyed), 2)]
    characters = [_PAIRS.get(pair) for pair in pairs]
    return None if None in characters else "".join(character or "" for character in characters)


def spell(text: str) -> str:
    """Return the presses that spell a text; characters that no pair stands for are left out."""
    return "".join(_PAIR_OF.get(character, "") for character in text.upper())


def take_back(keyed: str) -> str:
    """Return the spelling after each star in it has deleted the letter before it, or the half of one."""
    kept = ""
    for key in keyed:
        kept = kept[: (len(kept) - 1) // 2 * 2] if key == "*" and kept else kept + key.strip("*")
    return kept


_PAIRS = {
    **{f"{key}{place}": letter for key, letters in LETTERS.items() for place, letter in enumerate(letters, 1)},
    **{f"{digit}0": digit for digit in KEYS[:10]},
    SPACE: " ",
    HYPHEN: "-",
}
_PAIR_OF = {character: pair for pair, character in _PAIRS.items()}
