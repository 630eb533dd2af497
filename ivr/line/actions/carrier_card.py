"""The action that takes over a card which the carrier took (`<Pay>`): its digits were never here, only a token is."""

from __future__ import annotations

import re
from typing import Annotated

from ivr import logs
from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line.action import done, external_action
from ivr.line.actions import keyed
from ivr.line.actions.cards import finish_exchange
from ivr.line.service import Context
from ivr.payment.cards import Brand
from ivr.payment.gateway import Token
from ivr.secret import Secret

Told = Annotated[Secret | None, keyed.CARRIER_CARD]

_LAST4 = re.compile(r"[0-9]{4}$")
_EXPIRY = re.compile(r"(0[1-9]|1[0-2])([0-9]{2})")


@external_action(
    *("exchanged", "refused", "unavailable"),
    on={"exchanged": {"card": OPAQUE, "spoken_card": OPAQUE}},
    ask=lambda services, token: services.gateway.attach(token),
    finish=finish_exchange,
)
def attach_card(
    _: Context, carrier_token: Told, carrier_brand: Told, carrier_card_number: Told, carrier_expiry: Told
) -> Token | Done:
    """Have the processor attach the carrier's token for a card, so that it can be charged like one exchanged here."""
    brand = _revealed(carrier_brand)
    last4, expiry = _LAST4.search(_revealed(carrier_card_number)), _EXPIRY.fullmatch(_revealed(carrier_expiry))
    if carrier_token is None or last4 is None or expiry is None:
        logs.get_logger().error(
            "card_step_failed", result="success without a token, a card's last digits or its expiry"
        )
        return done("unavailable")
    if brand not in set(Brand):
        return done("refused")
    return Token(carrier_token, Brand(brand), last4[0], int(expiry[1]), 2000 + int(expiry[2]))


def _revealed(told: Secret | None) -> str:
    return told.reveal() if told else ""
