"""Commands for those who edit flows and prompts."""

from __future__ import annotations

import click

from ivr.cli.group import settings
from ivr.line.actions import SPECS
from ivr.line.versions import load, read_files


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
