"""Actions that choose how to pay: a card on file, or a new one, which is exchanged for the processor's token."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Generic, TypeVar

from ivr import logs
from ivr.flow.call import Done
from ivr.flow.definition import LIST, OPAQUE, Items
from ivr.line import card_entries, card_limit
from ivr.line.action import action, done, external_action
from ivr.line.actions import keyed, refill, speech
from ivr.line.actions.order_facts import EXPIRING
from ivr.line.card_entries import CardEntry
from ivr.line.service import Context
from ivr.line.values import Basket, CardOnFile, ChosenCard, KeyedCard, day
from ivr.orders.cards import SavedCardFacts, expired_cards, is_expired, saved_cards
from ivr.orders.faults import is_our_fault
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
from ivr.payment.gateway import Reason, Refused, Token, Unavailable
from ivr.payment.vault import Vault
from ivr.prompts import phrase
from ivr.prompts.spoken import Value
from ivr.secret import Secret

MOST_CARDS = 3
"""How many cards on file are offered; more would take too long to listen to."""

TOKEN_KEPT = timedelta(minutes=30)
"""How long after it was made a token may be used by a caller whose call was dropped and who calls back."""

Given = TypeVar("Given", Card, Token)


ADDED_UP = {"amounts": "phrase", "last_charge": OPAQUE, "card": OPAQUE, "keep_card": OPAQUE}
"""The values that the card question needs, name -> kind."""


@action(
    "due",
    "nothing_due",
    writes=ADDED_UP,
    phrases={"amounts": speech.AMOUNTS},
)
def add_up(_: Context, basket: Basket) -> Done:
    """Add up what is due now and on each later day."""
    totals = refill.totals_by_day(basket)
    outcome = "due" if any(cents for _, cents in totals) else "nothing_due"
    last_charge = refill.last_charge(basket)
    return done(outcome, amounts=speech.amounts(totals), last_charge=last_charge, card=None, keep_card="no")


@action(
    "on_file",
    "declined",
    "none",
    writes={"cards": LIST, "expired": "phrase"},
    items={"cards": Items({"card": "phrase"}, MOST_CARDS)},
    phrases={
        "card": speech.CARDS,
        "expired": {"card.expired": {"card": "phrase"}, "card.was_declined": {"card": "phrase"}, **EXPIRING},
    },
)
def list_cards(context: Context, member_id: int, last_charge: str = "") -> Done:
    """List the cards on file that can be used, and tell those that were declined, or expire before they are charged last.

    One that was declined comes after the others; when there are no others (`declined`), a new card does.
    """
    last_day = max(context.today, date.fromisoformat(last_charge)) if last_charge else context.today
    owner = member_id, context.services.gateway.name, last_day
    usable = saved_cards(context.connection, *owner)[:MOST_CARDS]
    cards = tuple(CardOnFile(_card_phrase(card), card.brand, card.last4, card.id) for card in usable)
    expired = [_expired(card, context.today, last_day) for card in expired_cards(context.connection, *owner)]
    was_declined = [phrase("card.was_declined", card=_card_phrase(card)) for card in usable if card.last_declined_at]
    outcome = "none" if not cards else "declined" if usable[0].last_declined_at else "on_file"
    return done(outcome, cards=cards, expired=(*expired, *was_declined))


def _expired(card: SavedCardFacts, today: date, last_day: date) -> Value:
    if is_expired(card, today):
        return phrase("card.expired", card=_card_phrase(card))
    return phrase("card.expires_before", card=_card_phrase(card), day=day(last_day))


def _card_phrase(card: SavedCardFacts) -> Value:
    return speech.card(card.brand, card.last4)


@action("chosen", writes={"card": OPAQUE, "spoken_card": OPAQUE, "keep_card": OPAQUE})
def use_card_on_file(_: Context, card_choice: CardOnFile) -> Done:
    """Choose a card on file."""
    return done("chosen", ChosenCard(card_choice, "no", card_choice.card))


@action("keypad", "pay", "too_many_cards")
def card_capture(context: Context, member_id: int) -> Done:
    """Tell who takes the digits of a new card: this line by its keypad, or the carrier (`<Pay>`).

    Nobody does after `too_many_cards` of the member were not accepted.
    """
    if not card_limit.takes_new_card(context, member_id):
        logs.get_logger().warning("too_many_cards")
        return done("too_many_cards")
    return done(context.services.card_capture)


@action("good", "too_short", "too_long", "bad_number", "unsupported_brand")
def check_card_number(context: Context, card_number: Annotated[Secret | None, keyed.CARD_NUMBER]) -> Done:
    """Check the keyed card number, and store it for the next questions."""
    brand = check_number(card_number) if card_number else NumberProblem.TOO_SHORT
    if card_number is None or isinstance(brand, NumberProblem):
        return done(brand.value)
    card_entries.store_entry(context, CardEntry(card_number, brand.value))
    return done("good")


@action("code_of_three", "code_of_four", "past", "no_such_date", "lost", "year_of_four")
def check_card_expiry(context: Context, card_expiry: Annotated[Secret | None, keyed.CARD_EXPIRY]) -> Done:
    """Check the keyed expiry date and store it; the outcome says how many digits the security code has."""
    entry = card_entries.read_entry(context)
    if entry is None:
        return done("lost")
    if card_expiry and (month := month_before_year_of_four(card_expiry, context.today)):
        card_entries.store_entry(context, replace(entry, exp_month=month, exp_year=0))
        return done("year_of_four")
    return _store_expiry(context, entry, card_expiry)


@action("code_of_three", "code_of_four", "past", "no_such_date", "lost")
def check_rest_of_expiry(context: Context, card_expiry_rest: Annotated[Secret | None, keyed.CARD_EXPIRY_REST]) -> Done:
    """Check the expiry date once the last two digits of a four-digit year are keyed."""
    entry, year_digits = card_entries.read_entry(context), card_expiry_rest
    if entry is None or not entry.exp_month:
        return done("lost")
    return _store_expiry(context, entry, Secret(f"{entry.exp_month:02}{year_digits.reveal()}") if year_digits else None)


def _store_expiry(context: Context, entry: CardEntry, keyed: Secret | None) -> Done:
    expiry = check_expiry(keyed, context.today) if keyed else ExpiryProblem.NOT_FOUR_DIGITS
    if not isinstance(expiry, Expiry):
        return done("past" if expiry is ExpiryProblem.PAST else "no_such_date")
    card_entries.store_entry(context, replace(entry, exp_month=expiry.month, exp_year=expiry.year))
    return done("code_of_four" if entry.brand == Brand.AMEX else "code_of_three")


@dataclass(frozen=True, slots=True)
class NewCard(Generic[Given]):
    """A member's new card, which the processor is asked to exchange or to attach."""

    member_id: int
    given: Given


def finish_exchange(
    context: Context, new_card: NewCard[Card] | NewCard[Token], answer: Token | Refused | Unavailable
) -> Done:
    """Keep the processor's token for a card, sealed; whatever was keyed of the card is deleted.

    One that is refused counts towards the member's limit, but not for an error of the processor's or the issuer's.
    """
    card_entries.delete_entry(context)
    if is_our_fault(answer, None):
        return done("unavailable")
    match answer:
        case Refused(Reason.PROCESSING_ERROR):
            return done("unavailable")
        case Token():
            brand, sealed = answer.brand.value, seal_token(context.services.vault, answer.token, context.now)
            card = KeyedCard(brand, answer.last4, answer.exp_month, answer.exp_year, sealed)
            return done("exchanged", card=card, spoken_card=speech.card(brand, answer.last4))
        case Refused():
            card_limit.count_refused(context, new_card.member_id)
            return done("refused")
        case Unavailable():
            return done("unavailable")


@external_action(
    *("exchanged", "refused", "unavailable", "lost"),
    on={"exchanged": {"card": OPAQUE, "spoken_card": OPAQUE}},
    ask=lambda services, new_card: services.gateway.tokenize(new_card.given),
    finish=finish_exchange,
)
def exchange_card(
    context: Context, member_id: int, card_code: Annotated[Secret | None, keyed.CARD_CODE]
) -> NewCard[Card] | Done:
    """Exchange the card for the processor's token, and delete its digits."""
    entry = card_entries.read_entry(context)
    if entry is None or card_code is None or not entry.exp_year or not check_code(Brand(entry.brand), card_code):
        card_entries.delete_entry(context)
        return done("lost")
    return NewCard(member_id, Card(entry.number, entry.exp_month, entry.exp_year, card_code))


def seal_token(vault: Vault, token: Secret, now: datetime) -> str:
    """Return a token encrypted, as text that may be stored among a call's values."""
    return base64.b85encode(vault.seal(token.reveal().encode(), now)).decode()


def open_token(vault: Vault, sealed: str, now: datetime) -> Secret:
    """Return the token that `seal_token` encrypted; raise ValueError when it cannot be decrypted."""
    opened = vault.open(base64.b85decode(sealed), None, now)
    if opened is None:
        raise ValueError("a card's token cannot be opened: it was sealed with another key")
    return Secret(opened.decode())


def is_recent(vault: Vault, sealed: str, now: datetime) -> bool:
    """Return whether a token was sealed so lately that it may be used in the call after."""
    return vault.open(base64.b85decode(sealed), int(TOKEN_KEPT.total_seconds()), now) is not None
