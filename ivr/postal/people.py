"""People whose names directories write in several ways: Martin Luther King is M L KING, MLK and DR M L K."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class Person:
    """A person's full name in words, the family name last.

    `called_without_middle` says whether streets have the first and last name alone, as John Kennedy.
    """

    names: tuple[str, ...]
    called_without_middle: bool = True

    @property
    def initials(self) -> str:
        """The initials, such as MLK."""
        return "".join(name[0] for name in self.names)

    def spellings(self) -> Iterator[tuple[str, ...]]:
        """Yield the ways in which directories write the name, in capitals."""
        *given_names, family = (name.upper() for name in self.names)
        for full_or_initial in product(*((name, name[0]) for name in given_names)):
            yield (*full_or_initial, family)
        yield ("".join(name[0] for name in given_names), family)
        yield tuple(self.initials)
        yield (self.initials,)
        if self.called_without_middle:
            yield (given_names[0], family)


_PEOPLE = (
    Person(("Martin", "Luther", "King"), called_without_middle=False),
    Person(("John", "F", "Kennedy")),
    Person(("John", "Fitzgerald", "Kennedy")),
    Person(("Robert", "F", "Kennedy")),
    Person(("Franklin", "D", "Roosevelt")),
    Person(("Franklin", "Delano", "Roosevelt")),
    Person(("Lyndon", "B", "Johnson")),
    Person(("Cesar", "E", "Chavez")),
    Person(("Dwight", "D", "Eisenhower")),
    Person(("Harry", "S", "Truman")),
)

_BY_SPELLING: Mapping[tuple[str, ...], Person] = {
    spelling: person for person in reversed(_PEOPLE) for spelling in person.spellings()
}
_LONGEST = max(len(spelling) for spelling in _BY_SPELLING)
_FIRST = frozenset(spelling[0] for spelling in _BY_SPELLING)

CALLED_OTHERWISE = frozenset((*(person.initials for person in _PEOPLE), "KING"))
"""Words of such names that a caller may key by other letters: Martin for MLK, Doctor King for King."""


def person_at(words: Sequence[str], position: int) -> tuple[Person | None, int]:
    """Return the person whose name begins at a position of words in capitals, and how many words it has.

    Return (None, 0) if there is none.
    """
    if words[position] in _FIRST:
        for length in range(min(_LONGEST, len(words) - position), 0, -1):
            if person := _BY_SPELLING.get(tuple(words[position : position + length])):
                return person, length
    return None, 0
