"""`ivr forget`: erases what the line holds of one member."""

from __future__ import annotations

import click
from sqlalchemy import Engine

from ivr.cli.group import is_confirmed, settings
from ivr.errors import DataError, IvrError, SettingError
from ivr.line.build import secret_keys
from ivr.line.digests import digest_with_key
from ivr.line.forgetting import HOLDING, Forgotten, forget_member
from ivr.payment.vault import Vault
from ivr.pharmacy.database import answering, open_database, retried, upgrade
from ivr.pharmacy.members import MemberContact, member_numbered
from ivr.pharmacy.upkeep import vacuum
from ivr.settings import Settings

STAYS = "the member, addresses, prescriptions, orders, payments, cards on file, renewals, transfers and call-backs"
"""What the pharmacy's tables keep of a member."""


@click.command()
@click.argument("member")
@click.option("--yes", is_flag=True, help="Erase without asking, as a script does.")
def forget(member: str, yes: bool) -> None:
    """Erase what the line's own tables hold of the member with the number MEMBER.

    That is their calls, the journal of these and notes on them, wrong tries, phones that ordered, notices. What the pharmacy has to
    keep stays: the member, orders, payments and the like. A call in progress is left; then run this again.

    Example: ivr forget 41200017
    """
    chosen = settings()
    database = open_database(chosen.database_url)
    upgrade(database)
    contact = _member(database, member)
    if not yes and not is_confirmed(f"Erase what the line holds of member {member}? It cannot be undone.", "erases"):
        raise IvrError("nothing was erased")
    forgotten = _forget(chosen, database, contact)
    click.echo(f"erased: {', '.join(f'{table} {count}' for table, count in forgotten.rows.items()) or 'nothing'}")
    click.echo(f"stays, as the pharmacy has to keep it: {STAYS}")
    undone = []
    if forgotten.in_progress:
        undone.append(f"left: calls in progress {forgotten.in_progress}; run this again when they are over")
    if not vacuum(database, *HOLDING):
        undone.append("the database was too busy to give up what was there before: run this again in a quiet hour")
    if undone:
        raise IvrError("\n".join(undone))


def _member(database: Engine, number: str) -> MemberContact:
    with answering(database), database.begin() as connection:
        found = member_numbered(connection, number)
    if found is None:
        raise DataError(f"there is no member {number}; nothing was erased")
    return found


def _forget(chosen: Settings, database: Engine, member: MemberContact) -> Forgotten:
    vault, now = Vault(secret_keys(chosen)), chosen.clock()()
    digest = digest_with_key(database, vault, now)
    if digest is None:
        raise SettingError(
            "IVR_SECRET_KEY: expected the line's, found one that does not open its tables; nothing was erased"
        )

    def forget_once() -> Forgotten:
        with database.begin() as connection:
            return forget_member(connection, vault, digest, member, now)

    with answering(database):
        return retried(forget_once)
