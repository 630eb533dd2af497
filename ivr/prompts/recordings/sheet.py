"""The script for the voice talent: every fragment with the name of its file, as CSV and as a page to print."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby

from ivr.prompts import Catalogue
from ivr.prompts.recordings.fragments import Fragment

_COLUMNS = ("file", "words", "seconds", "when", "sentence", "prompt", "also heard in")

_STYLE = """
body { font: 12pt/1.4 Georgia, serif; margin: 2em auto; max-width: 60em; color: #111; }
h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin: 1.6em 0 .4em; break-after: avoid; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th { text-align: left; font: 9pt sans-serif; color: #555; }
td, th { border-bottom: 1px solid #ccc; padding: .4em .8em .4em 0; vertical-align: top; }
tr { break-inside: avoid; }
.file { font: 9pt monospace; width: 22em; word-break: break-all; } .seconds { text-align: right; width: 4em; }
.sentence, .when { font: 9pt sans-serif; color: #555; }
.tick { width: 1.5em; } .done::before { content: "\\2610"; }
@media print { body { margin: 0; max-width: none; } }
""".strip()

_INSTRUCTIONS = (
    "Read each line in one quiet room, with the same distance to the microphone, and save it under the name beside it, "
    "as an uncompressed WAV file of one take. A line that is a part of a sentence is followed or preceded by a value "
    "that another voice speaks: the whole sentence stands below it, values in square brackets."
)


def sheet_csv(fragments: Iterable[Fragment]) -> str:
    """Return the script as CSV, one row per fragment."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for fragment in fragments:
        other_names = " ".join(fragment.also)
        rows.writerow(
            (
                f"{fragment.name}.wav",
                fragment.words,
                f"{fragment.seconds:.1f}",
                fragment.occasion,
                fragment.sentence,
                fragment.prompt,
                other_names,
            )
        )
    return text.getvalue()


def sheet_html(fragments: tuple[Fragment, ...], catalogue: Catalogue) -> str:
    """Return the script as an HTML page to print."""
    minutes = sum(fragment.seconds for fragment in fragments) / 60
    title = f"Recording script, {catalogue.locale}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{len(fragments)} recordings, about {minutes:.0f} minutes. {_INSTRUCTIONS}</p>",
    ]
    for prompt, fragments_of_prompt in groupby(fragments, key=lambda fragment: fragment.prompt):
        body.append(f"<h2>{escape(prompt)}</h2>")
        body.append(
            '<table><thead><tr><th class="tick"></th><th class="file">File</th><th>Words</th>'
            '<th class="seconds">Seconds</th></tr></thead>'
        )
        body += [
            "<tbody>",
            *(_table_row(fragment, catalogue.locale) for fragment in fragments_of_prompt),
            "</tbody></table>",
        ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return "\n".join([f'<!doctype html><html lang="en"><head>{head}</head><body>', *body, "</body></html>\n"])


def _table_row(fragment: Fragment, locale: str) -> str:
    return (
        f'<tr><td class="done"></td><td class="file">{escape(fragment.name)}.wav</td>'
        f'<td class="words">{"".join(_words_cell(fragment, locale))}</td>'
        f'<td class="seconds">{fragment.seconds:.1f}</td></tr>'
    )


def _words_cell(fragment: Fragment, locale: str) -> Iterator[str]:
    yield f'<span lang="{locale}">{escape(fragment.words)}</span><div class="when">{escape(fragment.occasion)}</div>'
    if fragment.sentence != fragment.words:
        yield f'<div class="sentence" lang="{locale}">{escape(fragment.sentence)}</div>'
