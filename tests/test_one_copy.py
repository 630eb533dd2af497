"""Each sentence that callers hear stands in `prompts/` alone: what quotes one breaks when it is reworded.

Tests ask for a prompt by its name (`hearing.py`), call scripts too, and documents cut sentences out of the files
(`documents.py`). A sentence counts as quoted when another text has it as a sentence, or six words of it in a row.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from call_scripts import CALLS, vocabulary
from demo_line import PROJECT
from documents import PARTS
from hearing import catalogues

from ivr.errors import Report
from ivr.languages import LANGUAGES
from ivr.prompts import Prompt
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.script import OWN_KEY, Hears, HearsNot, Presses

WITH_WORDS_OF_THEIR_OWN = {
    "test_changes.py": "flows and words in which something is changed",
    "test_flow_broken.py": "flows and words with slips",
    "test_key_words.py": "words that speak of keys",
    "test_languages.py": "a small line of its own, in three languages",
    "test_lint.py": "words that are remarked on",
    "test_recordings.py": "words that are recorded",
    "test_word_edits.py": "words that are edited, in `tests/words`",
}
"""Tests of words, which have sentences by themselves: one that the line has too may be reworded there all the same."""

FEWEST, PART = 4, 6
"""Words of a sentence that can be quoted whole, and of a part that counts as a quote wherever it stands."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_END = re.compile(r"[.?!:;\"\u201c\u201d*<>|]|(?<!\w)'|'(?!\w)")


@cache
def quotes() -> dict[tuple[str, ...], str]:
    """Return what nothing else may say, as words in small letters, each with the prompt that says it.

    Telephone numbers, the names' too, may be said anywhere.
    """
    prompts = [prompt for catalogue in catalogues().by_language.values() for prompt in catalogue.prompts.values()]
    said = {quote: prompt.name for prompt in prompts for text in _fixed(prompt) for quote in quotable(text)}
    digits = {name for language in LANGUAGES.values() for name in language.speech.keys}
    return {quote: name for quote, name in said.items() if not digits.issuperset(quote)}


def _fixed(prompt: Prompt) -> Iterator[str]:
    """Yield what a prompt says around its values."""
    for words in (prompt.say, *prompt.silence, *prompt.wrong):
        for form in words.forms.values():
            yield from (part for part in form if isinstance(part, str))


def quotable(text: str) -> Iterator[tuple[str, ...]]:
    """Yield each sentence of a text when it is short, else all its parts of some words."""
    for sentence in _END.split(text):
        words = tuple(found.lower() for found in _WORD.findall(sentence))
        if len(words) < PART:
            yield from [words] * (len(words) >= FEWEST)
        for start in range(len(words) - PART + 1):
            yield words[start : start + PART]


def quoted(text: str) -> list[str]:
    """Return what a text quotes, with the prompts that say it."""
    return [f'{quotes()[found]} is quoted: "{" ".join(found)}"' for found in quotable(text) if found in quotes()]


def texts(file: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield what may quote in a file, each with its line: the strings of a program, the text of any other file."""
    if file.endswith(".py"):
        tree = ast.parse(text)
        explanations = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explanations:
                yield node.lineno, node.value
        return
    for name in PARTS.get(file, ()):
        text = re.sub(
            f"<!-- {name} -->.*?<!-- /{name} -->", lambda made: "\n" * made[0].count("\n"), text, flags=re.DOTALL
        )
    if file.endswith(".yaml"):
        text = re.sub(r"#.*|^( *(- )?(call|about):).*", "", text, flags=re.MULTILINE)
    yield from enumerate(text.splitlines(), 1)


PLACES = ("tests/*.py", "bench/*.py", "ivr/**/*.py", "flows/*.yaml", "docs/**/*.md", "*.md", ".ci/run", "justfile")
FILES = sorted(
    path.relative_to(PROJECT).as_posix()
    for pattern in PLACES
    for path in PROJECT.glob(pattern)
    if path.name not in {*WITH_WORDS_OF_THEIR_OWN, "CHANGELOG.md"}  # the changelog tells what was
)


@pytest.mark.parametrize("file", FILES)
def test_nothing_quotes_a_sentence_of_the_line(file: str) -> None:
    lines = texts(file, (PROJECT / file).read_text(encoding="utf-8"))
    found = [f"{file}:{line}: {told}" for line, text in lines for told in quoted(text)]
    assert not found, "name the prompt instead (tests/hearing.py), or have tests/documents.py cut it out"


@pytest.mark.parametrize("words", [FEWEST, PART])
@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("test_x.py", '"""Explained."""\nassert "%s" in heard.text\n'),
        ("x.md", "Callers hear this. %s. And more.\n"),
        ("x.yaml", "# a note\nsay: %s.\n"),
        ("run", "[[ $heard == *'%s.'* ]]\n"),
    ],
)
def test_a_quote_is_found(file: str, text: str, words: int) -> None:
    sentence = next(quote for quote in quotes() if len(quote) == words)
    assert [line for line, part in texts(file, text % " ".join(sentence)) if quoted(part)] == [
        text[: text.index("%s")].count("\n") + 1
    ]


SCRIPTS = sorted(CALLS.glob("*.yaml"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_call_script_hears_words_of_a_prompt(path: Path) -> None:
    """What is heard of values, a street for one, may be asserted in words; what stands in prompts, by their names."""
    fixed = " | ".join(
        _plain(text)
        for catalogue in catalogues().by_language.values()
        for prompt in catalogue.prompts.values()
        for text in _fixed(prompt)
    )
    scripts = read_scripts(path.name, path.read_text(encoding="utf-8"), Report(), vocabulary())
    literals = [(step.place, text) for script in scripts for step in script.steps for text in _literals(step)]
    assert [(str(place), text) for place, text in literals if any(part in fixed for part in _parts(text))] == []


def _literals(step: object) -> Iterable[str]:
    """Return the words that a step of a script waits for, or wants not to hear."""
    match step:
        case Hears(prompt="", words=words) | HearsNot(unwanted=Hears(prompt="", words=words)) | Presses(after=words):
            return set(words.values()) - {OWN_KEY}
        case _:
            return ()


def _plain(text: str) -> str:
    return f" {' '.join(found.lower() for found in _WORD.findall(text))} "


def _parts(text: str) -> list[str]:
    """Return every four words of a text in a row."""
    words = _plain(text).split()
    return [f" {' '.join(words[start : start + 4])} " for start in range(max(1, len(words) - 3))]
