"""Calls that began on a version of an earlier release go on after an upgrade."""

from __future__ import annotations

import re

import pytest
from demo_line import IDENTIFIED, PROJECT, DemoLine
from hearing import hears

from ivr.line import publications
from ivr.line.publications import Files
from ivr.line.versions import read_files
from ivr.prompts import Variant

LACKED = (
    r"^      (several|no_prescriptions|year_of_four|unproved|all_on_file): .*\n",
    r"^(keep_on_file|keep_for_order|offer|offer_in_number): .*\n",
)

ORDERS = """
flow: orders
start: identify
states:
  identify: {run: identify, ends: {identified: latest, person: {end: person}, refill: {end: refill}}}
  latest: {do: latest_order, outcomes: {found: {say: orders.latest, next: number}, none: number}}
  number: {ask: orders.number, digits: {exactly: 8}, save: keyed_order, secret: true, next: find}
  find:
    do: find_order
    outcomes:
      found: {say: orders.latest, end: menu}
      not_found: {say: orders.not_found, next: number, counts: number}
"""
LATEST = """
latest: {by: count, one: "{order_number:digits} {order_state:phrase}", other: "{count:number} {order_state:phrase}"}
"""

RENAMED = {"authorize_order": "settle_order", "not_pending": "settled"}


def older() -> Files:
    """Return a version without the outcomes and words that came later, by the names that there were."""
    files = read_files(PROJECT / "flows", PROJECT / "prompts")

    def less(text: str) -> str:
        for lacked in LACKED:
            text = re.sub(lacked, "", text, flags=re.MULTILINE)
        for name, before in RENAMED.items():
            text = text.replace(name, before)
        return text

    flows, prompts = ({name: less(text) for name, text in part.items()} for part in (files.flows, files.prompts))
    flows["orders.yaml"] = ORDERS
    return Files(flows, {name: text + LATEST * name.endswith("orders.yaml") for name, text in prompts.items()})


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    ("keys", "prompt", "variant"),
    [
        (f"{IDENTIFIED} 1 1 9 4242424242424242# 1230 123 1 7", "order.placed_now", "say"),
        (f"{IDENTIFIED} 1 1 9 4242424242424242# 0320", "card.past", "say"),
        ("11 41204401# 01028", "refill.none_ready", "say"),
        ("12 41203168# 80005", "order_state.tracked", "say"),
        ("12 41203305# 77004 43688555", "order_state.delivered", "say"),
        ("12 41200839# 93662 61204558", "orders.not_found", "say"),
        ("11 … …", "identify.member_number", "silence"),
    ],
    ids=[
        "a card that is to be kept",
        "a year of four digits",
        "no prescriptions",
        "the latest order",
        "an order by its number",
        "a renewal by its number",
        "a person is offered",
    ],
)
def test_a_call_goes_on_with_its_older_version(demo_line: DemoLine, keys: str, prompt: str, variant: Variant) -> None:
    files, phone = older(), demo_line.phone()
    phone.dial()
    with demo_line.services.database.begin() as connection:
        began = publications.Publication(files.hash, demo_line.services.clock(), "a worker", "start")
        publications.record(connection, files, began)
    demo_line.run("UPDATE call SET version = :hash", hash=files.hash)
    for pressed in keys.split():
        last = phone.wait() if pressed == "…" else phone.press(pressed)
    assert hears(last.text, prompt, variant=variant)
    assert "sorry.again" not in demo_line.prompts
