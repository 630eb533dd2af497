"""Finds the YAML files of a folder and returns their text; reports those that cannot be read or have a wrong name.

Staff rename and copy files in a file browser, save them from word processors and in old encodings. Each such file is
reported once. What editors and operating systems leave beside them is ignored.
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
"""The largest file that is read: far more than a file of words or flows has. Larger ones are slow to read, and there by
mistake."""

_YAML = re.compile(r"(?P<stem>.+?)\.ya?ml(?P<rest>.*)", re.IGNORECASE)
_SYSTEM = re.compile(r"\.|~\$|#|__MACOSX")
"""How the names of files begin that operating systems put there, and editors beside a file they have open."""
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
"""How files begin that are not text though their name says so, and what they are."""


def texts_below(folder: Path, report: Report, root: str) -> dict[str, str | None]:
    """Return the text of each YAML file by its path in the folder; None, and a problem, for one that cannot be read."""
    texts: dict[str, str | None] = {}
    misnamed: dict[str, str] = {}
    for path in candidates(folder):
        name = path.relative_to(folder).as_posix()
        if path.suffix == SUFFIX:
            texts[name] = text_at(path, f"{root}/{name}", report)
        else:
            misnamed[name] = _corrected_name(name)
    for name, right_name in misnamed.items():
        if right_name in texts and _BACKUP.search(name):
            continue
        new_name = PurePosixPath(right_name).name
        advice = "delete this one, or move it elsewhere" if right_name in texts else f'call it "{new_name}"'
        report.add(Place(f"{root}/{name}"), f'this is not read, for its name does not end in "{SUFFIX}"; {advice}')
        texts.setdefault(right_name, None)
    return texts


def candidates(folder: Path) -> Iterator[Path]:
    """Yield each file that has the name of a YAML file, or nearly so, leaving out those of systems and editors."""
    for path in sorted(folder.rglob("*.[yY]*[mM][lL]*")):
        parts = path.relative_to(folder).parts
        inside_another = any(part.endswith(SUFFIX) for part in parts[:-1])
        if _YAML.fullmatch(path.name) and not inside_another and not any(map(_SYSTEM.match, parts)):
            yield path


def _corrected_name(name: str) -> str:
    path = PurePosixPath(name)
    match = _YAML.fullmatch(path.name)
    return path.with_name(f"{match['stem'] if match else path.stem}{SUFFIX}").as_posix()


def text_at(path: Path, shown: str, report: Report) -> str | None:
    """Return the text of a file; None when it cannot be read, which is reported. `shown` is the name for messages."""
    place = Place(shown)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no ordinary file"
            report.add(place, f"this is {kind}, but has the name of a file; give it another name")
            return None
        if status.st_size > MOST_BYTES:
            report.add(place, f"the file has {status.st_size:,} bytes, more than the {MOST_BYTES:,} that it may have")
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
    """Return the text of a file's bytes; None when they are not text.

    Text in another encoding than UTF-8 is reported once, and read as far as possible.
    """
    not_text = next((what for beginning, what in _NOT_TEXT if content.startswith(beginning)), "")
    if not_text:
        report.add(Place(shown), f"this is {not_text}, not text; save it as plain text, in the encoding UTF-8")
        return None
    encoding = _utf16_encoding(content)
    if encoding:
        report.add(
            Place(shown), "the file is in the encoding UTF-16, which some editors call Unicode; save it as UTF-8"
        )
        return content.decode(encoding, errors="replace").removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        report.add(
            *_not_utf8_problem(
                content, error.start if not content.startswith(codecs.BOM_UTF8) else error.start + 3, shown
            )
        )
        return content.decode("utf-8-sig", errors=_AS_WINDOWS)


def _utf16_encoding(content: bytes) -> str:
    """Return the encoding of a text with two bytes for each letter, one of them mostly 0; "" for other texts."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    halves = {"utf-16-le": content[1:200:2], "utf-16-be": content[:200:2]}
    return next((name for name, half in halves.items() if half.count(0) > len(half) * 3 // 4), "")


def _not_utf8_problem(content: bytes, start: int, shown: str) -> tuple[Place, str]:
    text_before = content[:start].decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    letter = _decode_windows(content[start : start + 1])
    place = Place(shown, text_before.count("\n") + 1, len(text_before) - text_before.rfind("\n"))
    return place, f'the file is not UTF-8 text from here on, where "{letter}" may be meant; save it with that encoding'


def _decode_windows(content: bytes) -> str:
    return content.decode("cp1252", errors="replace")


def _decode_error_as_windows(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 - for mypy: this handler is used for decoding only
    return _decode_windows(error.object[error.start : error.end]), error.end


_AS_WINDOWS = "ivr-as-windows"
codecs.register_error(_AS_WINDOWS, _decode_error_as_windows)
