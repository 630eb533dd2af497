"""How to pay: a card on file, or a new one keyed digit by digit and exchanged for the processor's token.

In the call's values a card is its kind, its last four digits and either the id of a card on file or the token,
sealed. Its number and code never get there.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime

from ivr.flow.call import Done
from ivr.flow.definition import KEPT, LIST, Items
from ivr.line import card_entries
from ivr.line.action import action, external_action
from ivr.line.actions import keyed, refill, speech
from ivr.line.actions.kinds import item, number
from ivr.line.card_entries import Entry
from ivr.line.service import Context, Line
from ivr.orders.authorize import is_our_fault
from ivr.orders.cards import expired_cards, saved_cards
from ivr.payment.cards import (
    Brand,
    Card,
    Expiry,
    ExpiryProblem,
    NumberProblem,
    check_code,
    check_expiry,
    check_number,
    month_before_year_of_four,
)
from ivr.payment.gateway import Refused, Token, Unavailable
from ivr.payment.vault import Vault
from ivr.prompts import phrase
from ivr.prompts.spoken import Value, Values
from ivr.secret import Secret

MOST_CARDS = 3
"""Cards on file that are offered; more would be too long to listen to."""


@action(
    "due",
    "nothing_due",
    reads=("basket",),
    writes={"amounts": "phrase", "total": "money", "card": KEPT, "keep_card": KEPT},
    phrases={"amounts": speech.AMOUNTS},
)
def add_up(_: Context, values: Values) -> Done:
    """Add up what is due, now and on each later day."""
    totals = refill.totals(values)
    told: dict[str, Value] = {"amounts": speech.amounts(totals), "total": dict(totals).get("", 0)}
    return Done(
        "due" if any(cents for _, cents in totals) else "nothing_due", {**told, "card": None, "keep_card": "no"}
    )


@action(
    "on_file",
    "none",
    reads=("member_id",),
    writes={"cards": LIST, "expired": "phrase"},
    items={"cards": Items({"card": "phrase"}, MOST_CARDS)},
    phrases={"card": speech.CARDS, "expired": {"card.expired": {"card": "phrase"}}},
)
def list_cards(context: Context, values: Values) -> Done:
    """List the cards on file that can still be used."""
    found = saved_cards(context.connection, number(values, "member_id"), context.line.gateway.name, context.today)
    listed = tuple(
        {
            "card": speech.card(card.brand, card.last4),
            "brand": card.brand,
            "last4": card.last4,
            "saved_card_id": card.id,
        }
        for card in found[:MOST_CARDS]
    )
    gone = expired_cards(context.connection, number(values, "member_id"), context.line.gateway.name, context.today)
    expired = tuple(phrase("card.expired", card=speech.card(card.brand, card.last4)) for card in gone)
    return Done("on_file" if listed else "none", {"cards": listed, "expired": expired})


@action(
    "chosen",
    reads=("card_choice",),
    writes={"card": KEPT, "spoken_card": KEPT, "keep_card": KEPT},
)
def use_card_on_file(_: Context, values: Values) -> Done:
    """Choose the card on file."""
    chosen = item(values, "card_choice")
    return Done("chosen", {"card": chosen, "spoken_card": chosen["card"], "keep_card": "no"})


@action(
    *("good", "too_short", "too_long", "bad_number", "unsupported_brand"),
    answers={"card_number": keyed.CARD_NUMBER},
)
def check_card_number(context: Context, _: Values) -> Done:
    """Check the number as it is keyed, and keep it for the questions to come."""
    keyed = context.held.get("card_number")
    brand = check_number(keyed) if keyed else NumberProblem.TOO_SHORT
    if keyed is None or isinstance(brand, NumberProblem):
        return Done(brand.value)
    card_entries.keep(context, Entry(keyed, brand.value))
    return Done("good")


@action(
    *("code_of_three", "code_of_four", "past", "no_such_date", "lost", "year_of_four"),
    answers={"card_expiry": keyed.CARD_EXPIRY},
)
def check_card_expiry(context: Context, _: Values) -> Done:
    """Check the expiry date; the outcome says how long the security code is."""
    keyed, entry = context.held.get("card_expiry"), card_entries.take(context)
    if entry is None:
        return Done("lost")
    if keyed and (month := month_before_year_of_four(keyed, context.today)):
        card_entries.keep(context, replace(entry, exp_month=month, exp_year=0))
        return Done("year_of_four")
    return _expiry(context, entry, keyed)


@action(
    *("code_of_three", "code_of_four", "past", "no_such_date", "lost"),
    answers={"card_expiry_rest": keyed.CARD_EXPIRY_REST},
)
def check_rest_of_expiry(context: Context, _: Values) -> Done:
    """Take the last two digits of a year that was keyed with four."""
    rest, entry = context.held.get("card_expiry_rest"), card_entries.take(context)
    if entry is None or not entry.exp_month:
        return Done("lost")
    return _expiry(context, entry, Secret(f"{entry.exp_month:02}{rest.reveal()}") if rest else None)


def _expiry(context: Context, entry: Entry, keyed: Secret | None) -> Done:
    expiry = check_expiry(keyed, context.today) if keyed else ExpiryProblem.NOT_FOUR_DIGITS
    if not isinstance(expiry, Expiry):
        return Done("past" if expiry is ExpiryProblem.PAST else "no_such_date")
    card_entries.keep(context, replace(entry, exp_month=expiry.month, exp_year=expiry.year))
    return Done("code_of_four" if entry.brand == Brand.AMEX else "code_of_three")


def _tokenize(line: Line, card: Card) -> Token | Refused | Unavailable:
    return line.gateway.tokenize(card)


def _exchanged(context: Context, _: Values, __: Card, answer: Token | Refused | Unavailable) -> Done:
    card_entries.wipe(context)
    if is_our_fault(answer, None):
        return Done("unavailable")
    match answer:
        case Token():
            sealed = seal_token(context.line.vault, answer.token, context.now)
            card: dict[str, Value] = {
                "brand": answer.brand.value,
                "last4": answer.last4,
                "exp_month": answer.exp_month,
                "exp_year": answer.exp_year,
                "sealed_token": sealed,
            }
            return Done("exchanged", {"card": card, "spoken_card": speech.card(answer.brand.value, answer.last4)})
        case Refused():
            return Done("refused")
        case Unavailable():
            return Done("unavailable")


@external_action(
    "exchanged",
    "refused",
    "unavailable",
    "lost",
    answers={"card_code": keyed.CARD_CODE},
    on={"exchanged": {"card": KEPT, "spoken_card": KEPT}},
    ask=_tokenize,
    finish=_exchanged,
)
def exchange_card(context: Context, _: Values) -> Card | Done:
    """Exchange the card for the processor's token, and drop its digits."""
    entry, code = card_entries.take(context), context.held.get("card_code")
    if entry is None or code is None or not entry.exp_year or not check_code(Brand(entry.brand), code):
        card_entries.wipe(context)
        return Done("lost")
    return Card(entry.number, entry.exp_month, entry.exp_year, code)


def seal_token(vault: Vault, token: Secret, now: datetime) -> str:
    """Return a token as text that may lie in a call's state."""
    return base64.b85encode(vault.seal(token.reveal().encode(), now)).decode()


def open_token(vault: Vault, sealed: str, now: datetime) -> Secret:
    """Return the token that was sealed; ValueError when it cannot be opened."""
    opened = vault.open(base64.b85decode(sealed), None, now)
    if opened is None:
        raise ValueError("a card's token cannot be opened: it was sealed with another key")
    return Secret(opened.decode())
