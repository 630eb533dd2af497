"""One prescription: what was found of it, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.definition import KEPT, LIST, ActionSpec, Items, Phrases
from ivr.line.specs import answers, speech
from ivr.line.specs.spec import spec

MOST_NUMBERS = 4
"""Prescriptions of one member that a keyed number may mean: more never differ by leading zeros alone."""

FOUND = {"prescription_id": KEPT, "chosen_drug": KEPT, "supplies": LIST, "what": "phrase", "prescriber": "text"}
"""What is known of every prescription that is the caller's own."""

DATES = {"due_on": "date", "ends_on": "date", "arrives_on": "date"}

FACTS: Mapping[str, Mapping[str, str]] = {
    "not_found": {},
    "not_mailable": FOUND,
    "transfer_pending": {**FOUND, "transfer": "phrase"},
    "on_hold": FOUND,
    "discontinued": FOUND,
    "replaced": {**FOUND, "newer": KEPT, "ending": "digits"},
    "replaced_by_unknown": FOUND,
    "already_ordered": {**FOUND, "order_state": "phrase", "order_number": "digits"},
    "no_refills_by_law": FOUND,
    "legal_limit": {**FOUND, "ends_on": "date"},
    "expired": {**FOUND, "ends_on": "date"},
    "none_left": FOUND,
    "first_fill": FOUND,
    "due_too_late": {**FOUND, **DATES},
    "too_soon": {**FOUND, **DATES},
    "runs_out_first": {**FOUND, **DATES, "supply_end": "phrase", "supply_ends_on": KEPT},
    "refillable": {**FOUND, **DATES},
}
"""What each finding tells: its words may speak of that and of nothing else."""

SAID: Mapping[str, tuple[str, ...]] = {
    "not_mailable": ("what",),
    "transfer_pending": ("what", "transfer"),
    "on_hold": ("what",),
    "discontinued": ("what",),
    "replaced": ("ending",),
    "replaced_by_unknown": ("what",),
    "already_ordered": ("what", "order_state"),
    "no_refills_by_law": ("what",),
    "legal_limit": ("what",),
    "expired": ("what", "ends_on"),
    "none_left": ("what",),
    "first_fill": ("what",),
    "due_too_late": ("what", "due_on", "ends_on"),
    "too_soon": ("what", "due_on"),
    "runs_out_first": ("supply_end", "arrives_on"),
}
"""What of each finding callers cannot do without."""

RENEWAL_STATES = ("requested", "approved", "denied")

RENEWAL = {"renewal_on": "date", "reference": "digits"}

TOLD = frozenset(name for told in FACTS.values() for name in told) | frozenset(RENEWAL)

SENTENCES: Mapping[str, Phrases] = {
    "what": speech.MEDICINE,
    "order_state": speech.ORDER_STATES,
    "supply_end": {
        "prescription.supply_ends": {"what": "phrase", "day": "date"},
        "prescription.supply_ended": {"what": "phrase", "day": "date"},
    },
    "transfer": {
        "prescription.transfer_dates": {"since": "date", "by": "date"},
        "prescription.transfer_undated": {},
    },
}

SPECS: dict[str, ActionSpec] = {
    "take_keyed_number": spec(
        "own",
        "several",
        "not_found",
        reads=("member_id", "keyed_number"),
        forgets=("keyed_number",),
        answers={"keyed_number": answers.RX_NUMBER},
        on={"own": {"rx_number": KEPT, "proved": KEPT}, "several": {"numbers": LIST, "proved": KEPT}},
        items={"numbers": Items({"what": "phrase", "days": "number"}, MOST_NUMBERS)},
        phrases={"what": speech.MEDICINE},
    ),
    "use_number": spec("chosen", reads=("number_choice",), writes={"rx_number": KEPT}),
    "assess_prescription": spec(
        *FACTS,
        "already_chosen",
        reads=("member_id", "rx_number", "basket"),
        forgets=tuple(TOLD),
        on={kind: {**told, "renewal": KEPT, "when": KEPT} for kind, told in FACTS.items()},
        items={"supplies": Items(speech.LINE)},
        tells=SAID,
        phrases=SENTENCES,
    ),
    "renewal_state": spec(
        "not_asked",
        *RENEWAL_STATES,
        reads=("renewal",),
        on=dict.fromkeys(RENEWAL_STATES, RENEWAL),
        tells=dict.fromkeys(RENEWAL_STATES, tuple(RENEWAL)),
    ),
    "request_renewal": spec(
        "requested",
        reads=("prescription_id",),
        writes={"reference": "digits"},
        facts=("what", "prescriber"),
        tells={"requested": ("reference",)},
    ),
    "use_newer": spec("done", reads=("newer",), writes={"rx_number": KEPT}),
    "ship_later": spec("done", reads=("due_on",), writes={"when": KEPT}),
    "offer_supplies": spec("one", "several", reads=("supplies",), on={"one": {"supply": KEPT}}),
    "add_to_order": spec(
        "added",
        reads=("prescription_id", "rx_number", "chosen_drug", "when", "supply", "basket"),
        writes={"basket": KEPT, "count": "number", **speech.LINE},
        tells={"added": tuple(speech.LINE)},
    ),
}
