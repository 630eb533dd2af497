"""What a member has on file to order with: the mailing address and a card, if they can be taken without asking."""

from __future__ import annotations

from ivr.line.actions import speech
from ivr.line.actions.address import on_file_address
from ivr.line.service import Context
from ivr.line.values import CardOnFile, ChosenCard, OnFile
from ivr.orders.cards import SavedCardFacts, saved_cards
from ivr.orders.find import LastOrder, last_order
from ivr.pharmacy.addresses import mailing_address


def find_on_file(context: Context, member_id: int, *, due: bool) -> OnFile | None:
    """Return what an order can take without asking for address and card, or None where one of them must be asked for.

    They are taken only as the member knows them from their last order, since what has changed since then may not have
    been the member's doing:

    - The address is the one that the last order went to. If that went elsewhere, nobody knows which one is meant now.
    - The card is the only one that can be charged and was not declined last, and is not newer than the last order,
      unless that was paid by it. Nothing due: no card is needed.

    A member who has never ordered has changed nothing since. The words before the confirming key speak both in any case.
    """
    address, last = mailing_address(context.connection, member_id), last_order(context.connection, member_id)
    if address is None or (last is not None and last.ship_to_id != address.id):
        return None
    if not due:
        return OnFile(on_file_address(address), ChosenCard(None, "no"))
    usable = [
        card
        for card in saved_cards(context.connection, member_id, context.services.gateway.name, context.today)
        if card.last_declined_at is None
    ]
    if len(usable) != 1 or _is_new(usable[0], last):
        return None
    card = CardOnFile(speech.card(usable[0].brand, usable[0].last4), usable[0].brand, usable[0].last4, usable[0].id)
    return OnFile(on_file_address(address), ChosenCard(card, "no", card.card))


def _is_new(card: SavedCardFacts, last: LastOrder | None) -> bool:
    if last is None or card.consented_at is None or card.consented_at <= last.placed_at:
        return False
    return (card.brand, card.last4) != (last.brand, last.last4)
