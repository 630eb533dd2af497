"""The commonest reasons to call, with their keys and seconds, and whole calls as they are heard: made from call scripts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from itertools import pairwise

from call_scripts import CALLS, simulator, vocabulary
from demo_line import PROJECT

from ivr.errors import Report
from ivr.languages import FIRST
from ivr.qa.replay.played import Played
from ivr.qa.replay.player import play
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.script import LANGUAGE_KEY, Hears, Presses, Script

REASONS, SHOWN = "reasons.yaml", "shown.yaml"
PICTURE = PROJECT / "docs/pictures/members.svg"
LANGUAGES = {"en": "English", "es": "Spanish"}
WIDTH = 100
MEMBER_DIGITS, ZIP_DIGITS = (8, 11), 5

KEYED = {
    LANGUAGE_KEY: "language",
    "41200017#": "your ID #",
    "61204558": "request number",
    "7304112#": "number on the bottle #",
    "01001": "new ZIP",
    "74#": "house #",
    "777#": "first letters of the street #",
    "5555555555554444#": "card number #",
    "1230": "month and year",
    "123": "code",
    "8885550187": "their telephone",
    "0042#": "number there #",
}
"""What the caller keys, where it is not the same for everyone."""
ASKED_AT_TIMES, IF_ASKED = ("prescription.supply",), " if asked how much"
"""Questions that not every caller is asked, which scripts hear before they answer, and what is said of the answer."""
PAGE, MARGIN, ROW, LINE, ROUTE_LETTERS = (1240, 1754), 70, 62, 42, 66
"""An A4 page at 150 dots an inch; the height of a reason but for its keys, and of a line of keys; letters in one."""


def scripts(name: str) -> tuple[Script, ...]:
    """Return the scripts of a file; raise ValueError if it has a problem."""
    report = Report()
    path = CALLS / name
    found = read_scripts(f"tests/calls/{name}", path.read_text(encoding="utf-8"), report, vocabulary())
    if report.problems:
        raise ValueError("\n".join(map(str, report.problems)))
    return found


def passed(script: Script, language: str) -> Played:
    """Return a script played in a language; raise ValueError if it does not hold."""
    played = play(script, simulator(), language)
    if not played.passed:
        raise ValueError(f"{script.name}: {played.problems}")
    return played


@dataclass(frozen=True)
class Reason:
    """A reason to call: the keys to press for it, how many they are, and the seconds of the call by language."""

    name: str
    route: str
    keys: int
    seconds: Mapping[str, int]


@cache
def reasons() -> tuple[Reason, ...]:
    """Return the commonest reasons to call."""
    found: list[Reason] = []
    for script in scripts(REASONS):
        played = {language: passed(script, language) for language in script.languages(tuple(LANGUAGES))}
        seconds = {language: round(each.cost.seconds) for language, each in played.items()}
        if FIRST.tag in played:
            found.append(Reason(script.name, _route(script), played[FIRST.tag].cost.keys, seconds))
        else:  # the reason before it, from the telephone of a member who speaks another language
            found[-1] = replace(found[-1], seconds={**found[-1].seconds, **seconds})
    return tuple(found)


def _route(script: Script) -> str:
    presses = [step for step in script.steps if isinstance(step, Presses)]
    not_always = {
        id(press)
        for hears, press in pairwise(script.steps)
        if isinstance(hears, Hears) and hears.prompt in ASKED_AT_TIMES
    }
    return " · ".join(_keyed(press.keys) + (IF_ASKED if id(press) in not_always else "") for press in presses)


def _keyed(keys: str) -> str:
    if keys in KEYED:
        return KEYED[keys]
    if len(keys.rstrip("#")) in range(*MEMBER_DIGITS) and keys.endswith("#"):
        return "your ID #"
    return "your ZIP" if len(keys) == ZIP_DIGITS else keys


def reasons_rows() -> Iterator[tuple[str, ...]]:
    """Yield each reason as a row of a table: what for, what to press, keys, seconds in each language."""
    for number, reason in enumerate(reasons(), 1):
        yield (
            str(number),
            reason.name,
            reason.route,
            str(reason.keys),
            *(str(reason.seconds.get(language, "")) for language in LANGUAGES),
        )


def reasons_picture() -> str:
    """Return the reasons as one page in large print, to be printed or sent to members."""
    width, height = PAGE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="Arial, sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="92" font-size="56" font-weight="bold">Call 1-800-245-RXRX (7979)</text>',
        f'<text x="{MARGIN}" y="140" font-size="30">Day and night. * says it again, ** is slower, 0 is a person.</text>',
    ]
    top = 170
    for number, reason in enumerate(reasons()):
        routes = textwrap.wrap(reason.route.replace(" ", "\u00a0").replace("\u00a0·\u00a0", " · "), ROUTE_LETTERS)
        box = f'<rect x="{MARGIN - 20}" y="{top}" width="{width - 2 * MARGIN + 40}" height="{ROW + LINE * len(routes)}"'
        lines += [f'{box} rx="14" fill="#eef2f7"/>'] if number % 2 == 0 else []
        lines += _row(reason, routes, top)
        top += ROW + LINE * len(routes)
    return "\n".join([*lines, "</svg>", ""])


def _row(reason: Reason, routes: list[str], top: int) -> Iterator[str]:
    yield f'<text x="{MARGIN}" y="{top + 46}" font-size="36" font-weight="bold">{escape(reason.name)}</text>'
    yield (
        f'<text x="{PAGE[0] - MARGIN}" y="{top + 46}" font-size="28" text-anchor="end" fill="#444">'
        f"{reason.keys} keys, {max(reason.seconds.values())} s</text>"
    )
    for number, route in enumerate(routes, 1):
        y = top + 50 + LINE * number
        yield f'<text x="{MARGIN}" y="{y}" font-size="34" fill="#123a73">{escape(route)}</text>'


def shown_calls() -> str:
    """Return whole calls as they are heard, in each language; what is keyed is masked as it is in the journal."""
    parts = []
    for script in scripts(SHOWN):
        parts.append(f"## {script.name}")
        for language, name in LANGUAGES.items():
            text = "\n".join(map(_wrapped, passed(script, language).transcript))
            parts += [f"{name}:", f"```text\n{text}\n```"]
    return "\n\n".join(parts)


def _wrapped(line: str) -> str:
    return textwrap.fill(line.strip(), WIDTH, subsequent_indent="  ")
