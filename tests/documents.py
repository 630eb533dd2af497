"""The parts of README and docs that are made, not written: run this file to make them again.

Each lies between `<!-- name -->` and `<!-- /name -->`; `test_docs` fails while one differs from what is made here.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click
from databases import Databases
from demo_line import PROJECT, fill_demo, open_demo_line
from gateway_contract import CONTRACT
from hearing import entry, where
from hurried_edits import edits_table
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from reasons import LANGUAGES, PICTURE, reasons_picture, reasons_rows, shown_calls
from rich.console import Console
from test_fault_points import PATHS, places_of
from test_layers import HELPERS, ROOMS, Room

from ivr.cli import main
from ivr.cli.words import load_words
from ivr.line.actions import SPECS
from ivr.orders.statuses import ORDER_BEGINS, ORDER_CHANGES
from ivr.phone.keyboard import piped_keys
from ivr.phone.terminal import Terminal, run_terminal
from ivr.prompts.catalogue import MEDICINE
from ivr.prompts.spoken import KINDS, Value, speak
from ivr.qa.explore.secrecy import ELSEWHERE, JOURNAL, SECRET_KINDS, TABLE, verdict
from ivr.settings import SETTINGS

HAPPY_KEYS = "1 1 41200017# 94550 1 7,,"
"""Everything on file, refill all, then nothing else."""

KIND_EXAMPLES: Mapping[str, Value] = {
    "text": "Meadowlark",
    "digits": "75569095",
    "number": 3,
    "ordinal": 2,
    "money": 3450,
    "date": "2026-12-04",
    "full_date": "2026-12-04",
    "time": "20:30",
    "time_zone": "America/Los_Angeles",
    "phone": "+18002457979",
    "spelled": "meadowlark.example",
    "address": {"house_number": "12", "street": "N Main St", "city": "Glendale", "state": "AZ", "zip": "85301"},
    "medicine": "LOSARTAN POTASSIUM 100 MG TAB",
}
"""A value of each kind, as it lies in a call."""

NEW_ADDRESS = "1 1 41200017# 94550 1 9 3 2"
"""Everything on file is to be refilled, but sent elsewhere."""

COLUMNS = 100
UNWRAPPED = 10_000


def transcript(keys: str = HAPPY_KEYS) -> str:
    """Return a call to the demo pharmacy as `ivr dial` shows it, wrapped to be read on a page."""
    databases = Databases(Path(tempfile.mkdtemp()))
    with databases.fresh("sqlite", fill_demo) as url:
        demo_line, out = open_demo_line(url), io.StringIO()
        console = Console(file=out, width=UNWRAPPED)
        run_terminal(demo_line.phone(), Terminal(console, piped_keys(io.StringIO(keys)), sleep=lambda _: None))
        demo_line.services.database.dispose()
    databases.close()
    lines = (textwrap.fill(line, COLUMNS, subsequent_indent="  ") for line in out.getvalue().splitlines())
    return fenced("\n".join(lines), "text")


def address_call(keys: str) -> str:
    """Return the part of a call in which a new address is keyed, up to the total."""
    whole = transcript(f"{NEW_ADDRESS} {keys}").removeprefix("```text\n")
    part = whole[where(whole, "address.scope") :]
    return fenced(part[: where(part, "amount.now")].rstrip(), "text")


def excerpt(file: str, *names: str) -> str:
    """Return the entries of a YAML file that have these names, as they stand there."""
    text = (PROJECT / file).read_text(encoding="utf-8")
    found = [entry(text, name) for name in names]
    body = textwrap.dedent("\n".join(found)).rstrip()
    return fenced(f"# {file}\n{body}", "yaml")


def fenced(text: str, language: str) -> str:
    """Return text as a fenced block."""
    return f"```{language}\n{text.rstrip()}\n```"


def settings_table() -> str:
    """Return every setting, as the program itself describes it."""
    rows = ((f"`{one.name}`", one.takes, f"`{one.default}`" if one.default else "", one.purpose) for one in SETTINGS)
    return table(("setting", "takes", "default", "what for"), rows)


def rooms_table() -> str:
    """Return which room may import what."""
    return table(
        ("room", "what it is for", "may import", "packages"),
        ((f"`{name}`", room.purpose, _rooms(room), _codes(room.packages)) for name, room in ROOMS.items()),
    )


def rooms_picture() -> str:
    """Return the rooms as a picture: arrows to what each imports, without those that follow from others."""
    rooms = {
        name: set(room.rooms) - {*HELPERS, name}
        for name, room in ROOMS.items()
        if name not in HELPERS and "." not in name
    }
    arrows = [
        f"  {name} --> {other}"
        for name, others in rooms.items()
        for other in sorted(others)
        if not any(other in rooms[between] for between in others)
    ]
    return fenced("\n".join(["flowchart TD", *arrows]), "mermaid")


def _rooms(room: Room) -> str:
    others = [name for name in room.rooms if name not in HELPERS]
    return ", ".join([*(["plain helpers"] if set(HELPERS) <= set(room.rooms) else []), _codes(others)]).strip(", ")


def _codes(names: Sequence[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def actions_table() -> str:
    """Return what the flow can ask for."""
    rows = (
        (
            f"`{name}`",
            _codes(sorted(spec.reads)),
            _codes(sorted(spec.outcomes)),
            _codes(sorted(set().union(*spec.outcomes.values()))),
            _codes(sorted(spec.facts)) or ("yes" if spec.needs_yes else ""),
        )
        for name, spec in sorted(SPECS.items())
    )
    return table(("action", "needs", "comes to", "gives", "a yes to"), rows)


def order_life() -> str:
    """Return what an order may become, as a picture."""
    begins = [f"  [*] --> {status}" for status in ORDER_BEGINS]
    changes = [f"  {status} --> {after}" for status, afters in ORDER_CHANGES.items() for after in afters or ("[*]",)]
    return fenced("\n".join(["stateDiagram-v2", *begins, *changes]), "mermaid")


def kinds_table() -> str:
    """Return the kinds of values with an example of each, spoken in every language."""
    catalogues = load_words(PROJECT / "prompts").by_language

    def spoken(kind: str, language: str) -> str:
        words = speak(kind, KIND_EXAMPLES[kind], language)
        return catalogues[language].medicine(words) if kind == MEDICINE else words

    rows = ((f"`{kind}`", *(spoken(kind, language) for language in catalogues)) for kind in KINDS)
    return table(("kind", *catalogues), rows)


def places_table() -> str:
    """Return where each kind of secret may lie."""
    columns = [place for place in TABLE if "." in place]
    rows = [(f"`{place}`", place) for place in (*columns, *JOURNAL)] + [(place, place) for place in ELSEWHERE]
    return table(
        ("place", *SECRET_KINDS), ((shown, *(verdict(place, kind) for kind in SECRET_KINDS)) for shown, place in rows)
    )


def metrics_table() -> str:
    """Return what `/metrics` tells, as a line that has just begun tells it."""
    databases = Databases(Path(tempfile.mkdtemp()))
    with databases.fresh("sqlite", fill_demo) as url:
        demo_line = open_demo_line(url)
        client = demo_line.app.test_client()
        families = list(text_string_to_metric_families(client.get("/metrics", base_url="http://localhost").text))
        demo_line.services.database.dispose()
    databases.close()
    return table(("metric", "labels", "what it tells"), map(_metric_row, families))


def _metric_row(family: Metric) -> tuple[str, str, str]:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = {name for sample in family.samples for name in sample.labels} - {"le"}
    return f"`{name}`", _codes(sorted(labels)), family.documentation


def pages() -> str:
    """Return the pages of `docs/`, each with its first sentence."""
    return "\n".join(_page(path) for path in sorted((PROJECT / "docs").glob("*.md")))


def _page(path: Path) -> str:
    head, _, text = path.read_text(encoding="utf-8").partition("\n")
    sentence = re.split(r"(?<=[.:])\s", text.strip(), maxsplit=1)[0].rstrip(".:")
    return f"- [{head.removeprefix('# ')}](docs/{path.name}): {sentence}."


def fault_points_table() -> str:
    """Return each path of an order and its money, with the steps on it and the points at which a worker dies there."""
    rows = []
    for path, went in PATHS.items():
        steps = [name for _, name in went.steps]
        points = sum(len(places_of(signature)) for signature, _ in went.steps)
        rows.append((path, "; ".join(steps), str(points), went.comes_to))
    total = sum(int(points) for _, _, points, _ in rows)
    return table(("path", "its steps", "points", "comes to"), [*rows, ("all", "", str(total), "")])


def contract_list() -> str:
    """Return the cases of the contract that every card processor keeps."""
    return "\n".join(f"{number}. {case}." for number, case in enumerate(CONTRACT, 1))


def commands() -> str:
    """Return every command with its help, as `--help` prints it."""
    root = click.Context(main, info_name="ivr", terminal_width=COLUMNS, max_content_width=COLUMNS)
    return "\n\n".join(f"## {path}\n\n{fenced(text, 'text')}" for path, text in _helps(main, root))


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _helps(inner, click.Context(inner, info_name=name, parent=context))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "README.md": {
        "call": transcript,
        "flow": lambda: excerpt("flows/identify.yaml", "zip", "find_member"),
        "prompt": lambda: excerpt("prompts/en/identify.yaml", "zip", "no_match"),
        "pages": pages,
    },
    "docs/address.md": {
        "easy": lambda: address_call("1 7304112# 01001 74# 777# 1"),
        "numbered": lambda: address_call("2 7304112# 20001 1340# 5# 4 32# 9 4 1"),
        "spelled": lambda: address_call("1 7304112# 01001 74# 9466# 2 9443626242*4321# 2 017481# 1 1"),
    },
    "docs/architecture.md": {"rooms-picture": rooms_picture},
    "docs/cli.md": {"commands": commands},
    "docs/developers.md": {"rooms": rooms_table},
    "docs/flows.md": {"actions": actions_table},
    "docs/operations.md": {"settings": settings_table, "order": order_life, "metrics": metrics_table},
    "docs/members.md": {
        "reasons": lambda: table(
            ("", "what for", "what to press", "keys", *(f"seconds, {name}" for name in LANGUAGES.values())),
            reasons_rows(),
        )
    },
    "docs/privacy.md": {"places": places_table},
    "docs/prompts.md": {
        "words": lambda: excerpt("prompts/en/main.yaml", "goodbye"),
        "catalogue": lambda: excerpt("prompts/en/catalogue.yaml", "language", "voice", "names"),
        "values": lambda: excerpt("prompts/en/order.yaml", "placed_now"),
        "kinds": kinds_table,
        "question": lambda: excerpt("prompts/en/identify.yaml", "zip"),
        "facts": lambda: excerpt("prompts/en/checkout.yaml", "ship_to"),
        "counted": lambda: excerpt("prompts/en/cancel.yaml", "gives_back"),
    },
    "docs/reliability.md": {"points": fault_points_table, "contract": contract_list},
    "docs/staff.md": {
        "words": lambda: excerpt("prompts/en/main.yaml", "goodbye"),
        "question": lambda: excerpt("prompts/en/identify.yaml", "zip"),
        "edits": edits_table,
    },
    "docs/transcripts.md": {"calls": shown_calls},
}
"""File -> part -> what makes it."""


def made(file: str, parts: Mapping[str, Callable[[], str]] | None = None) -> str:
    """Return a document with its parts made anew, or with others in their place."""
    text = (PROJECT / file).read_text(encoding="utf-8")
    for name, make in {**PARTS[file], **(parts or {})}.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        body = make()
        text, count = pattern.subn(lambda found, body=body: f"{found[1]}{body}\n{found[2]}", text)  # type: ignore[misc]
        if count != 1:
            raise LookupError(f"{file} has {count} parts called {name}")
    return text


if __name__ == "__main__":
    for name in [*PARTS][::-1]:  # the README last: it quotes the pages
        (PROJECT / name).write_text(made(name), encoding="utf-8")
        sys.stdout.write(f"made the parts of {name}\n")
    PICTURE.write_text(reasons_picture(), encoding="utf-8")
