"""Commands for those who edit flows and prompts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import click

from ivr.cli.group import settings
from ivr.flow import language
from ivr.line.actions import SPECS
from ivr.line.versions import load, read_files
from ivr.prompts import shapes
from ivr.yaml_reader import Shape, json_schema

SCHEMAS: Mapping[str, tuple[str, Callable[[], Shape]]] = {
    "flows": ("A file of the call flow", lambda: language.FILE),
    "prompts": ("A file of prompts", lambda: shapes.FILE),
}
"""What there is a schema of: its title, and its shape."""


@click.command()
def check() -> None:
    """Check flows and prompts: every problem at once, as file:line:column.

    Example: ivr check
    """
    chosen = settings()
    version = load(read_files(chosen.flows, chosen.prompts), SPECS)
    flows, prompts = version.flows.flows, version.catalogues
    states = sum(len(flow.states) for flow in flows.values())
    languages = " and ".join(prompts.languages)
    click.echo(f"{len(flows)} flows, {states} states, {len(prompts.names)} prompts in {languages}: no problems")


@click.command()
@click.argument("subject", type=click.Choice(sorted(SCHEMAS)))
def schema(subject: str) -> None:
    """Print the JSON Schema that an editor completes and underlines by.

    Example: ivr schema flows > flows.schema.json
    """
    title, shape = SCHEMAS[subject]
    click.echo(json.dumps(json_schema(shape(), title), indent=2, ensure_ascii=False))
