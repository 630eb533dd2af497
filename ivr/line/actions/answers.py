"""Actions that tell what became of a request: a renewal by the prescriber, a transfer by the other pharmacy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.flow.call import Done
from ivr.flow.definition import Phrases
from ivr.line.action import action, done
from ivr.line.actions import speech
from ivr.line.service import Context
from ivr.line.telling import News, marked
from ivr.line.values import Identified, day
from ivr.pharmacy.answers import RenewalFacts, is_news, untold_renewals
from ivr.pharmacy.findings import TransferFacts
from ivr.pharmacy.prescriptions import assess, transfers_of
from ivr.pharmacy.refusals import Finding, FindingKind
from ivr.pharmacy.tables import RenewalStatus, TransferStatus
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

AT_ONCE = 3
"""How many answers are told one after another; who has more hears those on the next call, or asks."""

RENEWALS: Phrases = {
    "renewal.requested": {"what": "phrase", "renewal_on": "date"},
    "renewal.approved": {"what": "phrase", "renewal_on": "date", "became": "phrase"},
    "renewal.denied": {"what": "phrase", "renewal_on": "date"},
}
TRANSFERS: Phrases = {
    "transfer.requested": {"since": "date", "by": "date"},
    "transfer.overdue": {"since": "date", "by": "date"},
    "transfer.confirmed": {"since": "date", "became": "phrase"},
    "transfer.rejected": {"since": "date"},
}
PHRASES: Mapping[str, Phrases] = {
    "what": speech.MEDICINE,
    "order_state": speech.ORDER_STATES,
    "became": {
        "renewal.preparing": {},
        "transfer.refill_here": {},
        "rx_state.ending": {"ending": "digits"},
        **speech.RX_STATES,
    },
}


@dataclass(frozen=True, slots=True)
class JustTold:
    """The transfers whose answers a turn has told as news."""

    turn: int = -1
    transfers: tuple[int, ...] = ()


@action(
    "told",
    "none",
    on={"told": {"transfers": "phrase"}},
    phrases={**PHRASES, "transfers": TRANSFERS},
    tells={"told": ("transfers",)},
)
def tell_transfers(context: Context, member: Identified, just_told: JustTold = JustTold()) -> Done:
    """Tell of the member's latest transfers, the newest first, but for those that were told as news in this turn."""
    transfers = transfers_of(context.connection, member.member_id, context.services.rules)[:AT_ONCE]
    if not transfers:
        return done("none")
    told = just_told.transfers if just_told.turn == context.turn else ()
    untold = (transfer for transfer in transfers if transfer.id not in told)
    return done("told", transfers=tuple(_transfer(context, member, transfer) for transfer in untold))


@action(
    "told",
    "none",
    on={"told": {"answers": "phrase"}},
    may_write=("just_told",),
    phrases={**PHRASES, "answers": {**RENEWALS, **TRANSFERS}},
    tells={"told": ("answers",)},
)
def tell_answers(context: Context, member: Identified) -> Done:
    """Tell the answers that came since the member's last call; each is told until it was heard."""
    transfers = transfers_of(context.connection, member.member_id, context.services.rules)
    came: list[RenewalFacts | TransferFacts] = [
        *untold_renewals(context.connection, member.member_id, context.now),
        *(transfer for transfer in reversed(transfers) if is_news(transfer, context.now)),
    ]
    came = came[:AT_ONCE]
    words = tuple(
        renewal(context, member, answer)[0] if isinstance(answer, RenewalFacts) else _transfer(context, member, answer)
        for answer in came
    )
    if not words:
        return done("none")
    transfer_ids = tuple(answer.id for answer in came if isinstance(answer, TransferFacts))
    return done("told", answers=words, just_told=JustTold(context.turn, transfer_ids))


def renewal(context: Context, member: Identified, asked: RenewalFacts) -> tuple[Value, bool]:
    """Return a phrase for a renewal request, and whether the prescription that came of it can be refilled now."""
    what = speech.medicine(asked.drug_name, asked.rx_number, proved=member.proved)
    values: dict[str, Value] = {"what": what, "renewal_on": day(context.services.today(asked.requested_at))}
    if asked.status is RenewalStatus.REQUESTED:
        return phrase("renewal.requested", **values), False
    if asked.status is RenewalStatus.DENIED:
        return marked(phrase("renewal.denied", **values), News.RENEWAL, asked.id), False
    finding = _judged(context, member, asked.new_rx_number)
    became = _became(context, finding) or (phrase("renewal.preparing"),)
    words = phrase("renewal.approved", **values, became=became)
    return marked(words, News.RENEWAL, asked.id), finding.kind.asks_for == "order"


def _transfer(context: Context, member: Identified, transfer: TransferFacts) -> Value:
    since, by = day(transfer.requested_on), day(transfer.by)
    match transfer.status:
        case TransferStatus.CONFIRMED:
            became = _became(context, _judged(context, member, transfer.rx_number))
            words = phrase("transfer.confirmed", since=since, became=became or (phrase("transfer.refill_here"),))
            return marked(words, News.TRANSFER, transfer.id)
        case TransferStatus.REJECTED:
            return marked(phrase("transfer.rejected", since=since), News.TRANSFER, transfer.id)
        case _:
            name = "transfer.overdue" if transfer.by < context.today else "transfer.requested"
            return phrase(name, since=since, by=by)


def _judged(context: Context, member: Identified, rx_number: str | None) -> Finding:
    if rx_number is None:
        return Finding(FindingKind.NOT_FOUND)
    return assess(context.connection, member.member_id, rx_number, context.today, context.services.rules)


def _became(context: Context, finding: Finding) -> tuple[Value, ...]:
    """Return phrases for the end of a prescription's number, and for its state; none if it is not here."""
    rx = finding.prescription
    if rx is None:
        return ()
    return (
        phrase("rx_state.ending", ending=rx.rx_number[-speech.ENDING :]),
        *speech.rx_state(finding, context.services),
    )
