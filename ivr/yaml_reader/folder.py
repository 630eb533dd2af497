"""The YAML files of a folder as text, and what is told of those that cannot be read or are not called as they should be.

Staff rename and copy files in a file browser, save them from word processors and in old encodings, and leave what
editors and systems put beside them. The last is nobody's concern; all else is told, once for each file.
"""

from __future__ import annotations

import codecs
import re
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ivr.errors import Place, Report

SUFFIX = ".yaml"
MOST_BYTES = 1_000_000
"""Far more than a file of words or of the flow comes to; larger ones are slow to read and put there by mistake."""

_YAML = re.compile(r"(?P<stem>.+?)\.ya?ml(?P<rest>.*)", re.IGNORECASE)
_SYSTEM = re.compile(r"\.|~\$|#|__MACOSX")
"""How the names of files begin that systems and editors put beside those they have open."""
_BACKUP = re.compile(r"(~|\.(bak|orig|old|save|sw[a-p]|tmp|rej)[-.\w]*)$", re.IGNORECASE)
_NOT_TEXT = (
    (b"PK\x03\x04", "a document of a word processor (or an archive)"),
    (b"{\\rtf", "a document of a word processor"),
    (b"\xd0\xcf\x11\xe0", "a document of an old word processor"),
    (b"%PDF", "a PDF document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"\x1f\x8b", "an archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"RIFF", "a recording"),
)
"""How files begin that were given the name of a text, and what they are."""


def texts_below(folder: Path, report: Report, root: str) -> dict[str, str | None]:
    """Return the text of each YAML file by its path in the folder; None for one that is told to be unreadable."""
    texts: dict[str, str | None] = {}
    misnamed: dict[str, str] = {}
    for path in candidates(folder):
        name = path.relative_to(folder).as_posix()
        if path.suffix == SUFFIX:
            texts[name] = text_at(path, f"{root}/{name}", report)
        else:
            misnamed[name] = _right_name(name)
    for name, right in misnamed.items():
        if right in texts and _BACKUP.search(name):
            continue
        meant = PurePosixPath(right).name
        todo = "delete this one, or move it elsewhere" if right in texts else f'call it "{meant}"'
        report.add(Place(f"{root}/{name}"), f'this is not read, for its name does not end in "{SUFFIX}"; {todo}')
        texts.setdefault(right, None)
    return texts


def candidates(folder: Path) -> Iterator[Path]:
    """Yield what is called like a YAML file, or nearly so; what systems and editors put there is left out."""
    for path in sorted(folder.rglob("*.[yY]*[mM][lL]*")):
        parts = path.relative_to(folder).parts
        inside_another = any(part.endswith(SUFFIX) for part in parts[:-1])
        if _YAML.fullmatch(path.name) and not inside_another and not any(map(_SYSTEM.match, parts)):
            yield path


def _right_name(name: str) -> str:
    path = PurePosixPath(name)
    found = _YAML.fullmatch(path.name)
    return path.with_name(f"{found['stem'] if found else path.stem}{SUFFIX}").as_posix()


def text_at(path: Path, shown: str, report: Report) -> str | None:
    """Return the text of a file; what keeps it from being read is told."""
    place = Place(shown)
    try:
        mode = path.stat()
        if not stat.S_ISREG(mode.st_mode):
            kind = "a folder" if stat.S_ISDIR(mode.st_mode) else "no ordinary file"
            report.add(place, f"this is {kind}, but has the name of a file; give it another name")
            return None
        if mode.st_size > MOST_BYTES:
            report.add(place, f"the file has {mode.st_size:,} bytes, more than the {MOST_BYTES:,} that it may have")
            return None
        content = path.read_bytes()
    except FileNotFoundError:
        report.add(place, "this leads to a file that is not there; put the file itself here")
        return None
    except OSError as error:
        report.add(
            place, f"the file cannot be read ({error.strerror}); whoever runs the line needs the right to read it"
        )
        return None
    return text_of(content, shown, report)


def text_of(content: bytes, shown: str, report: Report) -> str | None:
    """Return the text that bytes stand for. What is in another encoding is told once, and read as far as it can be."""
    found = next((what for beginning, what in _NOT_TEXT if content.startswith(beginning)), "")
    if found:
        report.add(Place(shown), f"this is {found}, not text; save it as plain text, in the encoding UTF-8")
        return None
    encoding = _of_two_bytes(content)
    if encoding:
        report.add(
            Place(shown), "the file is in the encoding UTF-16, which some editors call Unicode; save it as UTF-8"
        )
        return content.decode(encoding, errors="replace").removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        report.add(
            *_not_utf8(content, error.start if not content.startswith(codecs.BOM_UTF8) else error.start + 3, shown)
        )
        return content.decode("utf-8-sig", errors=_AS_WINDOWS)


def _of_two_bytes(content: bytes) -> str:
    """Return the encoding of a text in which each letter has two bytes, one of them mostly 0."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    halves = {"utf-16-le": content[1:200:2], "utf-16-be": content[:200:2]}
    return next((name for name, half in halves.items() if half.count(0) > len(half) * 3 // 4), "")


def _not_utf8(content: bytes, start: int, shown: str) -> tuple[Place, str]:
    before = content[:start].decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    letter = _windows(content[start : start + 1])
    place = Place(shown, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return place, f'the file is not UTF-8 text from here on, where "{letter}" may be meant; save it with that encoding'


def _windows(content: bytes) -> str:
    return content.decode("cp1252", errors="replace")


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 - registered for decoding alone
    return _windows(error.object[error.start : error.end]), error.end


_AS_WINDOWS = "ivr-as-windows"
codecs.register_error(_AS_WINDOWS, _as_windows)
