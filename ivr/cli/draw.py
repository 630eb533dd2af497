"""`ivr draw`: pictures of the call flows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from ivr.cli.group import print_folders, settings
from ivr.cli.words import languages_of
from ivr.errors import IvrError, did_you_mean
from ivr.flow.definition import Flows
from ivr.flow.diagram import WHOLE, Picture, flow_picture, line_picture, to_mermaid, to_svg
from ivr.flow.graph import StateName
from ivr.line.actions import SPECS
from ivr.line.versions import load, read_files
from ivr.prompts import Catalogue

FORMATS: Mapping[str, tuple[str, Callable[[Picture], str]]] = {
    "svg": (".svg", to_svg),
    "mermaid": (".mmd", to_mermaid),
}


@click.command()
@click.option("--flow", "name", help="Only this flow, or `line` for the whole. [default: all of them]")
@click.option("--format", "form", type=click.Choice([*FORMATS]), default="svg", show_default=True)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write to files in this folder, not to the screen."
)
@click.option("--language", help="Language of the words shown under the pointer. [default: the first]")
@click.option(
    "--shares",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON such as {"refill.how": 0.8}: boxes are shaded by it, from coverage or from calls.',
)
def draw(name: str | None, form: str, out: Path | None, language: str | None, shares: Path | None) -> None:
    """Draw the call flow: one picture of the whole line and one of each flow, as SVG or Mermaid.

    Example: ivr draw --out docs/pictures
    """
    chosen = settings()
    version = load(read_files(chosen.flows, chosen.prompts), SPECS)
    (catalogue,) = languages_of(version.catalogues, [language] if language else [])
    names = [WHOLE, *version.flows.flows]
    if name is not None and name not in names:
        raise IvrError(f'there is no flow "{name}"{did_you_mean(name, names)}')
    if out is None and name is None:
        raise click.UsageError("say which --flow to print, or the folder for all of them with --out")
    ending, write = FORMATS[form]
    given = _shares(shares, version.flows) if shares else {}
    for picture in pictures(version.flows, catalogue, given):
        if name not in (None, picture.title):
            continue
        if out is None:
            click.echo(write(picture), nl=False)
        else:
            out.mkdir(parents=True, exist_ok=True)
            (out / f"{picture.title}{ending}").write_text(write(picture), encoding="utf-8")
            click.echo(out / f"{picture.title}{ending}")
    print_folders(chosen)


def pictures(flows: Flows, catalogue: Catalogue, shares: Mapping[StateName, float]) -> Iterator[Picture]:
    """Yield all pictures: that of the whole line, then one of each flow. States are shaded by their shares, 0 to 1."""
    yield line_picture(flows, shares)
    for name in flows.flows:
        yield flow_picture(flows, name, catalogue, shares)


def _shares(path: Path, flows: Flows) -> dict[StateName, float]:
    """Read the shares that states are shaded by. Raises IvrError for an unknown state, or a share not from 0 to 1."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise IvrError(f"{path}: not readable as JSON: {error}") from error
    if not isinstance(given, dict):
        raise IvrError(f"{path}: expected a mapping of states to shares")
    known = {f"{flow.name}.{state}": (flow.name, state) for flow in flows.flows.values() for state in flow.states}
    for name, share in given.items():
        if name not in known:
            raise IvrError(f'{path}: there is no state "{name}"{did_you_mean(name, known)}')
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise IvrError(f'{path}: the share of "{name}" should be a number from 0 to 1')
    return {known[name]: float(share) for name, share in given.items()}
