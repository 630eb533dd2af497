"""Edits a hurried person might make, and what `ivr check` says to each: the table of the guide for staff.

Each is made in a copy of the real files, so that the guide shows what is really printed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from demo_line import PROJECT
from hearing import entry, source

from ivr.cli.findings import check_folders

Change = tuple[str, str, str]
"""File, what gives way (the whole file when empty), and what takes its place."""
Make = Callable[[Path], object]
"""Does something to a folder that holds flows and prompts."""


@dataclass(frozen=True)
class Edit:
    """One slip, in a few words, and how it is made."""

    slip: str
    makes: tuple[Make, ...]


def _write(name: str, content: bytes, folder: Path) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _change(change: Change, encoding: str, folder: Path) -> None:
    file, old, new = change
    text = (folder / file).read_text(encoding="utf-8")
    if old not in text:
        raise LookupError(f"{file} has no {old!r}")
    (folder / file).write_text(text.replace(old, new, 1) if old else new, encoding=encoding)


def edit(slip: str, *changes: Change, encoding: str = "utf-8") -> Edit:
    return Edit(slip, tuple(partial(_change, change, encoding) for change in changes))


def renamed(slip: str, file: str, name: str) -> Edit:
    return Edit(slip, (lambda folder: (folder / file).rename(folder / name),))


def copied(slip: str, file: str, name: str) -> Edit:
    return Edit(slip, (lambda folder: shutil.copy(folder / file, folder / name),))


def written(slip: str, files: Mapping[str, bytes]) -> Edit:
    return Edit(slip, tuple(partial(_write, name, content) for name, content in files.items()))


def saved(slip: str, file: str, how: Callable[[bytes], bytes]) -> Edit:
    """A file saved in another way."""
    return Edit(slip, (lambda folder: (folder / file).write_bytes(how((folder / file).read_bytes())),))


EN, ES = "prompts/en/main.yaml", "prompts/es/main.yaml"
GOODBYE, ADIOS = source("main.goodbye"), source("main.goodbye", "es")
OTHER, MORE, CANCEL = (entry(source(name), "say") for name in ("card.other_card", "refill.more", "cancel.confirm"))
DECLINED = entry(source("payment.declined"), "silence")


def exchanged(text: str, one: str, other: str) -> str:
    return text.replace(one, "\0").replace(other, one).replace("\0", other)


def without_price(language: str) -> Change:
    """The facts of a prescription that is offered, in other words and without its price."""
    facts = entry(source("refill.offer", language), "facts")
    return f"prompts/{language}/refill.yaml", facts, '  facts: "{what:phrase}: {days:number}."'


EDITS = (
    edit("a quotation mark is forgotten at the end", (EN, GOODBYE, 'goodbye: "Thanks.')),
    edit("words begin with a value, without quotes", (EN, GOODBYE, "goodbye: {pharmacy} thanks you.")),
    edit("a colon within words, without quotes", (EN, GOODBYE, "goodbye: And now: thanks.")),
    edit("a line is moved with the tab key", ("prompts/en/identify.yaml", "  say:", "\tsay:")),
    edit("a line slips to the left", ("prompts/en/identify.yaml", "  say:", "say:")),
    edit("the pound key is written as `#`", ("flows/main.yaml", "      5: other_ways", "      #: other_ways")),
    edit("the star key is written as `*`", ("flows/main.yaml", "      5: other_ways", "      *: other_ways")),
    edit("a key is there twice", ("flows/main.yaml", "      5: other_ways", "      4: other_ways")),
    edit("a code with a zero before it, `05`", ("flows/identify.yaml", "{exactly: 5}", "{exactly: 05}")),
    edit("a number is written as a word", ("flows/identify.yaml", "{exactly: 5}", "{exactly: five}")),
    edit("`yes` for `true`", ("flows/identify.yaml", "    secret: true\n    next: zip", "    secret: yes\n    next: zip")),
    edit("a value is renamed in one language", ("prompts/en/order.yaml", "{days:number}", "{number_of_days:number}")),
    edit("a kind is misspelt", ("prompts/es/order.yaml", "{days:number}", "{days:numbre}")),
    edit("a name of the catalogue is misspelt", (EN, "{pharmacy}", "{pharmcy}")),
    edit("a transition leads to a misspelt state", ("flows/main.yaml", "1: refill", "1: refil")),
    edit("a prompt is misspelt in a flow", ("flows/main.yaml", "menu: main.menu", "menu: main.manu")),
    edit("an outcome is deleted", ("flows/identify.yaml", "      locked: {say: identify.no_match, end: person}\n", "")),
    edit("a prompt is deleted in one language", (ES, ADIOS, "")),
    edit("a prompt that only an emergency needs is renamed", ("prompts/en/away.yaml", "one_moment:", "moment:"), ("prompts/es/away.yaml", "one_moment:", "moment:")),
    edit("words with `&` and `<`", (EN, GOODBYE, "goodbye: Thanks & bye < 5.")),
    edit("a key is changed in the flow, not in the words", ("flows/main.yaml", "5: other_ways", "6: other_ways")),
    edit("a key is misspelt in the words", ("prompts/en/refill.yaml", MORE, MORE.replace("one", "on", 1))),
    edit("two options have one key", ("prompts/en/card.yaml", OTHER, OTHER.replace("three", "one", 1))),
    edit("two keys are exchanged in the first words alone", ("prompts/en/cancel.yaml", CANCEL, exchanged(CANCEL, "seven", "nine"))),
    edit("a later help leaves out a key", ("prompts/en/payment.yaml", DECLINED, "  silence:\n    - Press one.\n    - Press one or three. Star says it again.")),
    edit("two keys are exchanged in the flow alone", ("flows/main.yaml", "1: refill\n      2: orders", "1: orders\n      2: refill")),
    edit("a value is set that nobody knows", ("flows/address.yaml", "sets: {address_for: always}", "sets: {address_for: never}")),
    edit("star is to do something else", ("flows/line.yaml", "menu_keys:\n  star: repeat\n  0: person", "menu_keys:\n  star: person\n  0: repeat")),
    edit("a key is offered where nothing is asked", (EN, GOODBYE, "goodbye: To listen once more, press star.")),
    edit("words begin with an exclamation mark", (EN, GOODBYE, "goodbye: !Thanks.")),
    edit("letters are lost as question marks", (ES, ADIOS, "goodbye: Adi?s.")),
    edit("the languages are exchanged", ("flows/main.yaml", "1: {next: notices, sets: {language: en}}", "1: {next: notices, sets: {language: es}}"), ("flows/main.yaml", "2: {next: notices, sets: {language: es}}", "2: {next: notices, sets: {language: en}}")),
    edit("English is saved in the Spanish folder", (ES, ADIOS, "goodbye: This is the end of your call. Goodbye.")),
    edit("a voice of the other language", ("prompts/es/catalogue.yaml", "Polly.Lupe-Neural", "Polly.Joanna-Neural")),
    edit("letters that another program spoilt", (ES, "español", "espaÃ±ol")),
    edit("a sign that nobody speaks", (EN, GOODBYE, "goodbye: → Thanks.")),
    edit("accents are left out", (ES, ADIOS, "goodbye: Gracias por usar este numero.")),
    edit("a called number without its country", ("flows/line.yaml", "  default: en", "  default: en\n  8002457979: es")),
    edit("a ZIP code of four digits", ("flows/identify.yaml", "{exactly: 5}", "{exactly: 4}")),
    edit("a price is dropped in every language", *(without_price(language) for language in ("en", "es"))),
    edit("a menu that nobody answers asks for ever", ("flows/main.yaml", "too_many: goodbye", "too_many: anything_else")),
    edit("the yes to an order is taken out", ("flows/checkout.yaml", "7: {next: place, confirms: true}", "7: place")),
    edit("the total is not spoken any more", ("prompts/en/order.yaml", "{amounts:phrase} ", ""), ("prompts/es/order.yaml", "{amounts:phrase} ", "")),
    edit("a part of a question is misspelt", ("prompts/en/identify.yaml", "  wrong:", "  worng:")),
    edit("a file is emptied by mistake", ("prompts/en/person.yaml", "", "")),
    saved("a file is saved in an old encoding", "prompts/es/person.yaml", lambda text: text.decode().encode("latin-1")),
    edit("words with a `#` in the middle", (EN, GOODBYE, "goodbye: To end this call, press # now.")),
    edit("a note behind words, two spaces before it", (EN, GOODBYE, "goodbye: Bye.  # the last words")),
    edit("quotes from a word processor", (EN, GOODBYE, "goodbye: “Thanks from {pharmacy}.”")),
    edit("a no-break space from a word processor", (EN, "goodbye: ", "goodbye:\u00a0")),
    edit("a character that nobody can see", (EN, "goodbye:", "goodbye\u200b:")),
    edit("a line end from another program, and a colon within words", (EN, GOODBYE, 'goodbye: "Thanks, {pharmacy}.\u2028 Bye."\nlast: Added: this')),
    edit("a colon is forgotten", (EN, "goodbye: ", "goodbye ")),
    edit("a colon is forgotten at the end of a line", ("flows/main.yaml", "    keys:\n", "    keys\n")),
    edit("the space after a colon is forgotten", (EN, "goodbye: ", "goodbye:")),
    edit("two versions are merged, and both left there", (EN, GOODBYE, "<<<<<<< HEAD\ngoodbye: Bye.\n=======\ngoodbye: Thanks.\n>>>>>>> words")),
    edit("a field of a flow is misspelt", ("flows/identify.yaml", "start: known", "strat: known")),
    edit("a start is misspelt", ("flows/identify.yaml", "start: known", "start: knwon")),
    edit("a prompt is misspelt in one language", ("prompts/en/main.yaml", "goodbye:", "goodby:")),
    edit("the key to a person is taken out for all menus", ("flows/line.yaml", "  star: repeat\n  0: person\n", "  star: repeat\n")),
    saved("the names are taken out of the catalogue", "prompts/en/catalogue.yaml", lambda text: text[: text.index(b"names:")]),
    renamed("a file is renamed", "prompts/en/main.yaml", "prompts/en/mian.yaml"),
    renamed("a file gets another ending", "prompts/en/main.yaml", "prompts/en/main.yaml.txt"),
    copied("a file is there twice", "prompts/en/main.yaml", "prompts/en/main (1).yaml"),
    copied("a file of the flow is put among the words", "flows/main.yaml", "prompts/en/main.yaml"),
    saved("a file is saved by a word processor", "prompts/en/main.yaml", lambda text: b"PK\x03\x04" + text),
    saved("a file is saved as “Unicode”", "prompts/en/main.yaml", lambda text: text.decode().encode("utf-16")),
    saved("a file is saved with the line ends of Windows", "prompts/en/main.yaml", lambda text: text.replace(b"\n", b"\r\n")),
    saved("half of a file is lost", "prompts/en/main.yaml", lambda text: text[: len(text) // 2]),
    written("a system and an editor leave files of their own", {"prompts/.DS_Store": b"\0", "prompts/en/._main.yaml": b"\0", "prompts/en/~$main.yaml": b"\5", "prompts/en/.main.yaml.swp": b"b0VIM", "prompts/en/main.yaml~": b"old"}),
)  # fmt: skip


def said_to(slip: Edit) -> list[str]:
    """Return what `ivr check` says after an edit that it did not say before."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("flows", "prompts"):
            shutil.copytree(PROJECT / name, Path(folder) / name)
        before = {_moved(line) for line in _unchanged()}
        for make in slip.makes:
            make(Path(folder))
        return [line for line in checked(folder) if _moved(line) not in before]


@cache
def _unchanged() -> list[str]:
    return checked(str(PROJECT))


def checked(folder: str) -> list[str]:
    """Return every finding in a folder, as it is printed by somebody who works there."""
    found = check_folders(Path(folder) / "flows", Path(folder) / "prompts").findings
    return [str(finding).replace(f"{folder}/", "") for finding in found]


def _moved(line: str) -> str:
    """Return a finding without its place, which an edit above it may move."""
    return line.partition(": ")[2]


def row(slip: Edit, said: list[str]) -> str:
    """Return the row of the guide's table for one slip: what it is, and what is printed."""
    told = said or ["nothing; it is read as it is meant"]
    return row_begins(slip) + "<br>".join(_cell(line) for line in told) + " |"


def row_begins(slip: Edit) -> str:
    return f"| {slip.slip} | "


def edits_table(row_of: Callable[[Edit], str] = lambda slip: row(slip, said_to(slip))) -> str:
    """Return the table for the guide."""
    return "\n".join(["| slip | `ivr check` prints |", "| --- | --- |", *map(row_of, EDITS)])


def _cell(line: str) -> str:
    return f"`` {line.replace('|', chr(92) + '|')} ``" if "`" in line else f"`{line}`" if ":" in line[:60] else line
