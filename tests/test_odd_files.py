"""Files as people leave them: renamed, swapped, saved by other programs, unreadable. One slip is told once, none raises."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from demo_line import PROJECT
from hearing import source
from hurried_edits import EDITS, Edit, copied, edit, renamed, row, said_to, saved, written

from ivr.cli.findings import check_folders

GUIDE = (PROJECT / "docs" / "staff.md").read_text(encoding="utf-8").splitlines()
EN, FLOW, LINE, HEAD = "prompts/en/main.yaml", "flows/main.yaml", "flows/line.yaml", "prompts/en/catalogue.yaml"
GOODBYE = source("main.goodbye")
_WORDS = (PROJECT / EN).read_text(encoding="utf-8")
AT, SIZE = _WORDS[: _WORDS.index(GOODBYE)].count("\n") + 1, len(_WORDS.encode())
"""The line where the last words stand, and the bytes of their file."""


def without(file: str, key: str) -> Edit:
    """Take a key of the file's top out, with all that belongs to it."""

    def how(content: bytes) -> bytes:
        kept, drop = [], False
        for line in content.decode().splitlines(keepends=True):
            drop = line.startswith(f"{key}:") or (drop and line.startswith(" "))
            kept += [] if drop else [line]
        return "".join(kept).encode()

    return saved(f"{file} without {key}", file, how)


def replaced(slip: str, file: str, make: Callable[[Path], object]) -> Edit:
    """Put something else in the place of a file."""

    def change(folder: Path) -> None:
        (folder / file).unlink()
        make(folder / file)

    return Edit(slip, (change,))


def gone(file: str) -> Edit:
    return Edit(f"{file} is gone", (lambda folder: (folder / file).unlink(),))


def words(new: str) -> Edit:
    return edit(new, (EN, GOODBYE, new))


IGNORED = (
    copied("a backup", EN, "prompts/en/main.yaml.bak"),
    copied("an editor's backup", FLOW, "flows/main.yaml~"),
    written("before an atomic save", {"flows/main.yaml.tmp.1234": b"{", "prompts/en/4913": b""}),
    written("a lock", {"flows/.#main.yaml": b"me@here", "prompts/en/.~lock.main.yaml#": b"me"}),
    written("folders of tools", {"flows/.git/x.yaml": b"[", "prompts/__MACOSX/en/._main.yaml": b"\0", "flows/.idea/a.yml": b"{"}),
    written("what is no YAML", {"flows/desktop.ini": b"x", "prompts/en/README.md": b"x", "prompts/notes.txt": b"x: ["}),
    saved("a byte order mark", EN, lambda text: b"\xef\xbb\xbf" + text),
    saved("the line ends of an old Macintosh", EN, lambda text: text.replace(b"\n", b"\r")),
    saved("no last line end", EN, lambda text: text.rstrip()),
    words("goodbye:\tSo long from {pharmacy}.\t"),
    words("\t\n" + GOODBYE),
    words(GOODBYE + "  # a note with\u00a0all sorts\u200b of “characters”"),
    words("goodbye: So long from {pharmacy}. # the last words"),
    words("goodbye: “Thank you” from {pharmacy}. Goodbye."),
    Edit("a link to a file elsewhere", (
        lambda folder: (folder / EN).rename(folder / "words"), lambda folder: (folder / EN).symlink_to(folder / "words"),
    )),
)  # fmt: skip


@pytest.mark.parametrize("slip", IGNORED, ids=lambda slip: slip.slip)
def test_what_is_no_slip_is_passed_over(slip: Edit) -> None:
    assert said_to(slip) == []


_TEXT = "save it as plain text, in the encoding UTF-8"
_CALLED = "a file of prompts is called <language>/<subject>.yaml, the subject in small letters"
TOLD_ONCE = (
    (renamed("yml", EN, "prompts/en/main.yml"), 'prompts/en/main.yml:1:1: this is not read, for its name does not end in ".yaml"; call it "main.yaml"'),
    (renamed("capital", EN, "prompts/en/Main.yaml"), f'prompts/en/Main.yaml:1:1: {_CALLED}; call it "main.yaml"'),
    (renamed("(1)", EN, "prompts/en/main (1).yaml"), f'prompts/en/main (1).yaml:1:1: {_CALLED}; call it "main.yaml"'),
    (renamed("only a backup", EN, "prompts/en/main.yaml~"), 'prompts/en/main.yaml~:1:1: this is not read, for its name does not end in ".yaml"; call it "main.yaml"'),
    (copied("copy", EN, "prompts/en/main - Copy.yaml"), f"prompts/en/main - Copy.yaml:1:1: {_CALLED}; delete it, or move it elsewhere"),
    (copied("saved as text", EN, "prompts/en/main.yaml.txt"), 'prompts/en/main.yaml.txt:1:1: this is not read, for its name does not end in ".yaml"; delete this one, or move it elsewhere'),
    (renamed("out of its folder", EN, "prompts/main.yaml"), f'prompts/main.yaml:1:1: {_CALLED}; call it "main.yaml"'),
    (gone(EN), "prompts/en/main.yaml:1:1: there is no such file, but there is prompts/es/main.yaml; write this one too"),
    (gone(HEAD), "prompts/en/catalogue.yaml:1:1: missing; it says the language's code, voice and names"),
    (renamed("catalog", HEAD, "prompts/en/catalog.yaml"), 'prompts/en/catalog.yaml:2:1: this is what "catalogue.yaml" should say; call it so, or get the prompts of this file back'),
    (renamed("a language", "prompts/en", "prompts/EN"), 'prompts/EN/address.yaml:1:1: no language "EN" whose numbers and dates can be spoken; known are en, es, and a new one begins in ivr/languages'),
    (renamed("flow", FLOW, "flows/main.yml"), 'flows/main.yml:1:1: this is not read, for its name does not end in ".yaml"; call it "main.yaml"'),
    (copied("flow twice", FLOW, "flows/main (1).yaml"), 'flows/main (1).yaml:1:7: flow "main" is already in flows/main.yaml'),
    (renamed("line", LINE, "flows/Line.yaml"), 'flows/Line.yaml:2:1: this says what holds for the whole line, as the file "line.yaml" should'),
    (gone(LINE), "flows/line.yaml:1:1: there is no such file; it says what holds for the whole line"),
    (gone("flows/identify.yaml"), 'flows/main.yaml:130:10: state "identify" runs flow "identify", which does not exist, and 4 other places name it too'),
    (copied("words in the flow", EN, FLOW), 'flows/main.yaml:1:1: this is no flow, which has "flow", "start" and "states"; words belong into the folder of the prompts'),
    (copied("words for the line", EN, LINE), "flows/line.yaml:1:1: this does not say what holds for the whole line; get what the file said back"),
    (copied("flow for the line", FLOW, LINE), "flows/line.yaml:1:1: this is a flow, but the file should say what holds for the whole line; get what it said back"),
    (copied("line for words", LINE, "prompts/en/line.yaml"), "prompts/en/line.yaml:2:1: this says what holds for the line; it belongs into the folder of the flows"),
    (copied("words for the catalogue", EN, HEAD), 'prompts/en/catalogue.yaml:1:1: a catalogue has "language", "voice" and "names"; this is another file'),
    (copied("other words", "prompts/en/identify.yaml", EN), 'prompts/en/main.yaml:1:1: these are the prompts of "identify.yaml"; get those of "main.yaml" back'),
    (saved("RTF", EN, lambda text: b"{\\rtf1\\ansi " + text), f"prompts/en/main.yaml:1:1: this is a document of a word processor, not text; {_TEXT}"),
    (saved("Word", FLOW, lambda text: b"PK\x03\x04" + text), f"flows/main.yaml:1:1: this is a document of a word processor (or an archive), not text; {_TEXT}"),
    (saved("Word", LINE, lambda text: b"\xd0\xcf\x11\xe0" + text), f"flows/line.yaml:1:1: this is a document of an old word processor, not text; {_TEXT}"),
    (saved("Word", HEAD, lambda text: b"PK\x03\x04" + text), f"prompts/en/catalogue.yaml:1:1: this is a document of a word processor (or an archive), not text; {_TEXT}"),
    (saved("web page", EN, lambda text: b"<!DOCTYPE html>" + text), f"prompts/en/main.yaml:1:1: this is a web page, not text; {_TEXT}"),
    (saved("UTF-16", FLOW, lambda text: text.decode().encode("utf-16-be")), "flows/main.yaml:1:1: the file is in the encoding UTF-16, which some editors call Unicode; save it as UTF-8"),
    (saved("spaces", EN, lambda _: b"\n  \n"), "prompts/en/main.yaml:1:1: the file is empty"),
    (saved("large", EN, lambda text: text + b"# more\n" * 200_000), f"prompts/en/main.yaml:1:1: the file has {SIZE + 7 * 200_000:,} bytes, more than the 1,000,000 that it may have"),
    (replaced("folder", EN, Path.mkdir), "prompts/en/main.yaml:1:1: this is a folder, but has the name of a file; give it another name"),
    (replaced("dangling", EN, lambda path: path.symlink_to("/nowhere/main.yaml")), "prompts/en/main.yaml:1:1: this leads to a file that is not there; put the file itself here"),
    (replaced("pipe", EN, os.mkfifo), "prompts/en/main.yaml:1:1: this is no ordinary file, but has the name of a file; give it another name"),
    *((without(LINE, key), f'flows/line.yaml:{4 if key == "start" else 2}:1: the line lacks "{key}"') for key in ("start", "menu_keys", "ask_keys", "too_many", "limits")),
    (without("flows/identify.yaml", "start"), 'flows/identify.yaml:2:1: a flow lacks "start"'),
    (without("flows/identify.yaml", "flow"), 'flows/identify.yaml:2:1: a flow lacks "flow"'),
    (edit("flow", ("flows/identify.yaml", "flow: identify", "flow: idntify")), 'flows/identify.yaml:2:7: this flow is called "idntify", but "identify" is run, after which its file is called'),
    (words("goodbye: “Thank you: {pharmacy}.”"), f"prompts/en/main.yaml:{AT}:10: not readable as YAML: quotes such as “ and ” are none to YAML; type straight ones: \""),
    (words('goodbye: "So long from {pharmacy}, our friend.”'), f"prompts/en/main.yaml:{AT}:47: not readable as YAML: quotes such as “ and ” are none to YAML; type straight ones: \""),
    (words("goodbye; Thank you."), f'prompts/en/main.yaml:{AT}:1: not readable as YAML: a name without ":" after it; words of several lines need ">-" before them'),
    (words("goodbye: Thank you\0."), f"prompts/en/main.yaml:{AT}:19: a control character (U+0000) is a character that no text file should hold; type the line again"),
    (words("goodbye: Thank you, and press\n  # to end."), f'prompts/en/main.yaml:{AT + 1}:3: the words end here, for what comes after " #" is a note: put quotes around the whole text, write the key as "pound", or let a note begin after a full stop or two spaces'),
    (words("=======\n" + GOODBYE), f'prompts/en/main.yaml:{AT}:1: "=======" marks two versions that were merged and never made one: keep the lines of one, and delete those of the other and the lines with "<<<<<<<", "=======" and ">>>>>>>"'),
    (edit("flow", (FLOW, "      1: refill", "      1 refill")), 'flows/main.yaml:34:7: not readable as YAML: a name without ":" after it; words of several lines need ">-" before them'),
)  # fmt: skip


@pytest.mark.parametrize(
    ("slip", "told"), TOLD_ONCE, ids=[f"{slip.slip} {number}" for number, (slip, _) in enumerate(TOLD_ONCE)]
)
def test_a_slip_is_told_once_where_it_is(slip: Edit, told: str) -> None:
    assert said_to(slip) == [told]


def test_no_slip_hides_another() -> None:
    many = Edit(
        "many at once",
        (
            *edit("", (LINE, "start: main", "strat: main"), (FLOW, "menu: main.menu", "menu: main.mneu")).makes,
            *edit("", ("flows/refill.yaml", "do: find_dropped_order", "do: find_droped_order")).makes,
            *edit("", ("flows/identify.yaml", "start: known", "start: knwon")).makes,
            *edit("", ("flows/transfer.yaml", "flow: transfer", "flow transfer")).makes,
            *edit("", (HEAD, "voice: ", "voice:\u00a0"), (EN, "{pharmacy}", "{pharmcy}")).makes,
            *saved("", "prompts/es/person.yaml", lambda text: text.decode().encode("cp1252")).makes,
            *saved("", "flows/orders.yaml", lambda text: b"PK\x03\x04" + text).makes,
        ),
    )
    places = sorted(line.rpartition(": ")[0].partition(": ")[0] for line in said_to(many))
    assert [place.partition(":")[0] for place in places] == [
        "flows/identify.yaml",
        LINE,
        FLOW,
        "flows/orders.yaml",
        "flows/refill.yaml",
        "flows/transfer.yaml",
        HEAD,
        EN,
        "prompts/es/person.yaml",
    ]


def test_what_follows_from_a_slip_is_not_told_too() -> None:
    assert len(said_to(edit("", (HEAD, "voice:", "\u00a0voice:")))) == 1
    (told,) = said_to(edit("", ("flows/spelling.yaml", "  letters:", "  lettrs:")))
    assert told == 'flows/spelling.yaml:9:3: nothing leads to the state "lettrs"; is it the "letters" that 4 lead to?'


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("flows", "prompts"):
        shutil.copytree(PROJECT / name, tmp_path / name)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)  # whoever runs the tests may be allowed to read everything
    found = check_folders(tmp_path / "flows", tmp_path / "prompts").findings
    assert {one.message for one in found} == {
        "the file cannot be read (Permission denied); whoever runs the line needs the right to read it"
    }


@pytest.mark.parametrize("slip", EDITS, ids=lambda slip: slip.slip)
def test_every_slip_of_the_guide_is_told_without_a_traceback(slip: Edit) -> None:
    said = said_to(slip)
    assert all(":" in line for line in said)
    assert row(slip, said) in GUIDE, "run: python tests/documents.py"
