"""A telephone that executes TwiML as the carrier does, one action of the caller at a time.

`dial`, `press`, `wait` and `hang_up` each return what was heard since the last action, and what the line waits for now.
They return at once: the handset only counts the seconds that the call would have taken, and passes them to `passes`.
Where the carrier's documentation leaves its behaviour open, an option of `Handset` chooses, so that a line can be
tested with either.
"""

from __future__ import annotations

import copy
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date
from urllib.parse import quote

from ivr.clock import system_clock
from ivr.phone import card_step
from ivr.phone.card_step import Connector, sandbox_connector
from ivr.phone.carrier import CarrierSide
from ivr.phone.document import CarrierError, read_document
from ivr.phone.outcomes import Ended, Heard, HeardWords, Paying, Waiting
from ivr.phone.results import (
    TALK_SECONDS,
    DialOutcome,
    connector_fields,
    dial_fields,
    given_up_fields,
    masked_fields,
    progress_fields,
)
from ivr.phone.transport import Reply, Transport
from ivr.phone.verbs import (
    CARD_NUMBER,
    EXPIRY,
    POSTAL_CODE,
    PROCESSING,
    SECURITY_CODE,
    WORDS_A_MINUTE,
    TwimlDial,
    TwimlGather,
    TwimlHangup,
    TwimlPause,
    TwimlPay,
    TwimlPlay,
    TwimlRedirect,
    TwimlReject,
    TwimlSay,
    TwimlSound,
    TwimlVerb,
    length,
)
from ivr.secret import Secret

__all__ = ["CarrierError", "DialOutcome", "Ended", "Handset", "Heard", "HeardWords", "Paying", "Waiting"]

KEYS = "0123456789*#"
KEY_SECONDS = 0.5
LONGEST_CALL_SECONDS = 4 * 3600
MOST_SILENT_REDIRECTS = 20
_APOLOGY = TwimlSay("We are sorry, an application error has occurred. Goodbye.")  # said by the carrier itself


@dataclass(slots=True)
class Handset:
    """One call. `url` is the line's address for incoming calls, usually ending in /voice.

    carries_keys_ahead: Keys pressed after a question's last one are kept for the next question; otherwise lost.
    carries_keys_through_words: Keys that are waiting when words outside a question begin are kept; otherwise lost.
    finish_key_ends_empty: The finish key without digits ends the question at once; otherwise it does nothing.
    sends_empty_digits: An empty answer has an empty field Digits; otherwise it has no such field.
    restarts_card: After a wrong entry `<Pay>` asks for the whole card again; otherwise for that entry alone.
    goes_on_after_pay: After too many attempts the verb after `<Pay>` is next; otherwise its action is requested.
    encodes_payment_error: The field PaymentError is percent-encoded once more than the other fields.
    connector: Exchanges a card for a token, as the card processor behind the carrier does.
    today: The day by which `<Pay>` judges whether a card has expired.
    answers: The outcome of a call to a number that the line dials.
    fallback: The number has a fallback URL, /fallback below `url`.
    extra: Additional fields of every request, such as carriers add.
    plays: Called with each sound outside a question.
    passes: Called with seconds that have passed, for example to move a test's clock.
    """

    post: Transport
    url: str
    from_number: str
    to_number: str
    call_sid: str
    account_sid: str = "AC" + "0" * 32
    _: KW_ONLY
    carries_keys_ahead: bool = True
    carries_keys_through_words: bool = True
    finish_key_ends_empty: bool = True
    sends_empty_digits: bool = False
    restarts_card: bool = False
    goes_on_after_pay: bool = False
    encodes_payment_error: bool = False
    connector: Connector = sandbox_connector
    today: Callable[[], date] = lambda: system_clock().date()
    answers: DialOutcome = "completed"
    fallback: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)
    plays: Callable[[TwimlSound], None] = lambda _sound: None
    passes: Callable[[float], None] = lambda _seconds: None

    seconds: float = field(default=0.0, init=False)
    keys_pressed: int = field(default=0, init=False)
    errors: list[CarrierError] = field(default_factory=list, init=False)
    warnings: list[CarrierError] = field(default_factory=list, init=False)

    _verbs: deque[TwimlVerb] = field(default_factory=deque, init=False, repr=False)
    _waiting: Waiting | Paying | Ended | None = field(default=None, init=False, repr=False)
    _queue: deque[str] = field(default_factory=deque, init=False, repr=False)
    _words: list[HeardWords] = field(default_factory=list, init=False, repr=False)
    _dialled: list[str] = field(default_factory=list, init=False, repr=False)
    _card_prompts: list[tuple[str, int]] = field(default_factory=list, init=False, repr=False)
    _unheard_seconds: float = field(default=0.0, init=False, repr=False)
    _silent_redirects: int = field(default=0, init=False, repr=False)
    _failed: CarrierError | None = field(default=None, init=False, repr=False)
    _wire: CarrierSide = field(init=False, repr=False)

    def __post_init__(self) -> None:
        caller = {
            "CallSid": self.call_sid,
            "AccountSid": self.account_sid,
            "From": self.from_number,
            "To": self.to_number,
            "ApiVersion": "2010-04-01",
            "Direction": "inbound",
            **self.extra,
        }
        self._wire = CarrierSide(self.post, self.url, caller)

    def fork(self) -> Handset:
        """Return a copy at the same point of the call, to continue in another way; the line must be rewound as well."""
        other = copy.copy(self)
        for name in ("errors", "warnings", "_verbs", "_queue", "_words", "_dialled", "_card_prompts", "_wire"):
            setattr(other, name, copy.copy(getattr(self, name)))
        return other

    # Actions of the caller

    def dial(self) -> Heard:
        """Call the line; raise RuntimeError the second time."""
        if self._waiting is not None:
            raise RuntimeError("this handset has dialled already; a call has a handset of its own")
        self._go(self.url)
        return self._until_asked()

    def press(self, keys: str, after_words: int | None = None) -> Heard:
        """Press keys one after another after hearing the question, or only `after_words` words of it.

        Raises ValueError for a character that is not a key.
        """
        if not keys or set(keys) - set(KEYS):
            raise ValueError(f'"{keys}" is not made of the keys {KEYS}')
        if not isinstance(self._now(), Ended):
            self._listen(after_words)
            self._pass(KEY_SECONDS * len(keys))
            self.keys_pressed += len(keys)
            self._queue.extend(keys)
        return self._until_asked()

    def wait(self) -> Heard:
        """Do nothing until the question, or the carrier's card step, times out."""
        waiting = self._now()
        if not isinstance(waiting, Ended):
            self._listen(None)
            self._pass(waiting.timeout)
            self._answer(waiting) if isinstance(waiting, Waiting) else self._end_entry(waiting)
        return self._until_asked()

    def hang_up(self) -> Heard:
        """Hang up, at any moment; after the end of the call it does nothing."""
        if isinstance(self._waiting, Ended):
            return self._until_asked()
        self._listen(None)
        if isinstance(self._waiting, Paying):
            fields = {"Result": "caller-hung-up", **masked_fields(self._waiting.card)}
            self._wire.ask(self._waiting.pay.action, "POST", self._timed(fields))
        self._end(Ended("caller hung up"))
        return self._until_asked()

    def pay(self, card_number: str, expiry: str, security_code: str, postal_code: str = "10001") -> Heard:
        """Key a card into the carrier's card step (expiry MMYY), each part after its words, until one is not taken.

        A part that does not end by itself is ended with pound. Raises RuntimeError when no card is being taken.
        """
        entries = {CARD_NUMBER: card_number, EXPIRY: expiry, SECURITY_CODE: security_code, POSTAL_CODE: postal_code}
        paying: Waiting | Paying | Ended = self._paying()
        heard: list[Heard] = []
        while isinstance(paying, Paying) and paying.step in entries:
            heard.append(self._key_entry(paying, entries.pop(paying.step)))
            paying = heard[-1].waiting
        return Heard(
            tuple(spoken for part in heard for spoken in part.words),
            paying,
            tuple(number for part in heard for number in part.dialled),
            tuple(prompt for part in heard for prompt in part.card_prompts),
        )

    def _key_entry(self, paying: Paying, digits: str) -> Heard:
        heard = self.press(digits)
        match heard.waiting:
            case Paying(step=paying.step, attempt=paying.attempt):  # it is not complete by itself
                return self.press("#")
        return heard

    def pay_result(self, Result: str, **fields: str) -> Heard:  # noqa: N803 - the carrier's name of the field
        """End the carrier's card step with one of its `Result`s, and the fields that go with it."""
        self._end_card(self._paying(), {"Result": Result, **fields})
        return self._until_asked()

    def pay_goes_on(self) -> Heard:
        """End the carrier's card step without a result: the verb after `<Pay>` is next."""
        self._paying()
        self._waiting = None
        self._unheard_seconds = 0.0
        return self._until_asked()

    def retry(self) -> Reply:
        """Send the last request for TwiML again, as a carrier may; the call does not move on."""
        return self._wire.ask_again()

    @property
    def requests(self) -> int:
        """The number of requests for TwiML."""
        return self._wire.requests

    @property
    def has_asked_twice(self) -> bool:
        """Whether there were at least two requests for TwiML."""
        return len(self._wire.sent) > 1

    def is_answered_alike(self, *, older: bool) -> bool:
        """Send the last request for TwiML, or the one before it, again; return whether the answer is the same."""
        request, reply = self._wire.sent[0 if older else -1]
        return self.post(*request) == reply

    # Actions of the carrier

    def _until_asked(self) -> Heard:
        """Execute verbs until the caller has to act or the call ends; return what was heard."""
        while True:
            match self._waiting:
                case None if self.seconds > LONGEST_CALL_SECONDS:
                    error = CarrierError(32015, "the longest call the carrier allows is over", self.url)
                    self.errors.append(error)
                    self._end(Ended("error", error))
                case None if not self._verbs:
                    self._end(Ended("end of document"))
                case None:
                    self._execute(self._verbs.popleft())
                case Waiting() as waiting if self._queue:
                    self._take_key(waiting, self._queue.popleft())
                case Paying() as paying if self._queue:
                    self._take_card_key(paying, self._queue.popleft())
                case Waiting(gather=gather) as waiting if not gather.sounds and self._next_is_question():
                    self._pass(gather.timeout)
                    self._answer(waiting)
                case _:
                    break
        heard = Heard(tuple(self._words), self._now(), tuple(self._dialled), tuple(self._card_prompts))
        self._words.clear()
        self._dialled.clear()
        self._card_prompts.clear()
        self._failed = None
        return heard

    def _execute(self, verb: TwimlVerb) -> None:
        match verb:
            case TwimlSay() | TwimlPlay() | TwimlPause():
                if not self.carries_keys_through_words:
                    self._queue.clear()
                self._hear(verb)
                self.plays(verb)
                self._pass(length(verb))
            case TwimlGather():
                self._question(verb)
            case TwimlRedirect():
                self._go(verb.url, verb.method)
            case TwimlDial():
                self._connect(verb)
            case TwimlPay():
                self._ask_for(Paying(verb, CARD_NUMBER))
            case TwimlHangup():
                self._end(Ended("line hung up"))
            case TwimlReject():
                self._end(Ended("rejected"), status=verb.reason)

    def _next_is_question(self) -> bool:
        """Return whether another question follows: one before it that has no words is waited out, as nobody hears it."""
        return bool(self._verbs) and isinstance(self._verbs[0], TwimlGather)

    def _hear(self, sound: TwimlSound) -> None:
        if isinstance(sound, TwimlSay):
            self._words.append(HeardWords(sound.text, sound.language, sound.voice, rate=sound.rate))
        elif isinstance(sound, TwimlPlay):
            self._words.append(HeardWords("", url=sound.url))

    def _question(self, gather: TwimlGather) -> None:
        self._waiting = Waiting(gather, prompt=self._words_of_question(gather.sounds))

    def _words_of_question(self, sounds: Sequence[TwimlSound]) -> tuple[HeardWords, ...]:
        """Let a question be heard and return its words; none are spoken if a key is waiting already."""
        words_before = len(self._words)
        if not self._queue:
            for sound in sounds:
                self._hear(sound)
            self._unheard_seconds = sum(map(length, sounds))
        return tuple(self._words[words_before:])

    def _take_key(self, waiting: Waiting, key: str) -> None:
        gather = waiting.gather
        if key == gather.finish_on_key:
            if waiting.keys or self.finish_key_ends_empty:
                self._answer(waiting, key)
            return
        self._silent_redirects = 0
        waiting = replace(waiting, keys=waiting.keys + key)
        self._waiting = waiting
        if len(waiting.keys) == gather.num_digits:
            self._answer(waiting)

    def _answer(self, waiting: Waiting, finish_key: str = "") -> None:
        """End a question by requesting its action with the keys.

        Without keys, the verb after the question is next, unless the question has `actionOnEmptyResult`.
        """
        if not self.carries_keys_ahead:
            self._queue.clear()
        self._waiting = None
        gather = waiting.gather
        if waiting.keys or gather.action_on_empty_result:
            digits = {"Digits": waiting.keys} if waiting.keys or self.sends_empty_digits else {}
            self._go(gather.action, gather.method, {**digits, "FinishedOnKey": finish_key, "msg": "Gather End"})

    # The carrier's card step

    def _ask_for(self, paying: Paying) -> None:
        """Begin a step of `<Pay>`, as a question is begun."""
        self._waiting = replace(paying, prompt=self._words_of_question(self._card_sounds(paying, paying.step)))

    def _card_sounds(self, paying: Paying, step: str) -> Sequence[TwimlSound]:
        prompt = card_step.prompt_of(paying, step)
        if prompt is not None:
            if step == PROCESSING or not self._queue:  # a key that is waiting keeps a question from being spoken
                self._card_prompts.append((paying.pay.action, paying.pay.prompts.index(prompt)))
            return prompt.sounds
        missing = f'no <Prompt> fits {step}, attempt {paying.attempt}, error "{paying.error}": the carrier says its own'
        self.warnings.append(CarrierError(12200, missing, paying.pay.action))
        return card_step.default_words(step)

    def _take_card_key(self, paying: Paying, key: str) -> None:
        if key == "*":
            self._end_card(paying, {"Result": "caller-interrupted-with-star", **masked_fields(paying.card)})
        elif key == "#":
            if paying.keys or self.finish_key_ends_empty:
                self._end_entry(paying)
        else:
            paying = replace(paying, keys=Secret(paying.keys.reveal() + key))
            self._waiting = paying
            if card_step.is_complete(paying):
                self._end_entry(paying)

    def _end_entry(self, paying: Paying) -> None:
        """End one step of `<Pay>` with what was keyed: the next step follows, or the same again, or the end."""
        if not self.carries_keys_ahead:
            self._queue.clear()
        error = card_step.error_of(paying, self.today())
        self._tell_progress(paying, paying.step, error)
        if error:
            after = card_step.after_error(paying, error, restarts=self.restarts_card)
        else:
            after = card_step.after_success(paying, restarts=self.restarts_card)
        if after is not None:
            self._ask_for(after)
        elif not error:
            self._process(paying)
        elif self.goes_on_after_pay:
            self._waiting = None
        else:
            self._end_card(paying, given_up_fields(paying, error))

    def _process(self, paying: Paying) -> None:
        """Hand the whole card to the connector, and what it answers to the line."""
        self._tell_progress(paying, PROCESSING, "")
        for sound in self._card_sounds(replace(paying, attempt=1), PROCESSING):
            self._execute(sound)
        self._pass(card_step.CONNECTOR_SECONDS)
        answer = self.connector(card_step.captured(paying), paying.pay.charge)
        self._end_card(paying, connector_fields(paying, answer))

    def _tell_progress(self, paying: Paying, step: str, error: str) -> None:
        if url := paying.pay.status_callback:
            self.warnings.extend(self._wire.tell_progress(url, progress_fields(paying, step, error)))

    def _end_card(self, paying: Paying, fields: Mapping[str, str]) -> None:
        """Request the action of `<Pay>`."""
        if self.encodes_payment_error and "PaymentError" in fields:
            fields = {**fields, "PaymentError": quote(fields["PaymentError"])}
        self._unheard_seconds = 0.0
        self._go(paying.pay.action, "POST", fields)

    def _connect(self, dial: TwimlDial) -> None:
        self._dialled.append(dial.number)
        self._pass({"completed": TALK_SECONDS, "no-answer": dial.timeout}.get(self.answers, 0))
        if dial.action:
            self._go(dial.action, dial.method, dial_fields(self.answers, self.call_sid))

    def _listen(self, words: int | None) -> None:
        """Let the time pass in which the open question is spoken, or that many words of it."""
        heard_seconds = math.inf if words is None else words * 60 / WORDS_A_MINUTE
        self._pass(min(heard_seconds, self._unheard_seconds))
        self._unheard_seconds = 0.0

    def _pass(self, seconds: float) -> None:
        if seconds > 0:
            self.seconds += seconds
            self._silent_redirects = 0
            self.passes(seconds)

    def _now(self) -> Waiting | Paying | Ended:
        if self._waiting is None:
            raise RuntimeError("the call has not begun: dial first")
        return self._waiting

    def _paying(self) -> Paying:
        if not isinstance(self._waiting, Paying):
            raise RuntimeError("the carrier is not taking a card now")  # noqa: TRY004 - called too early, not a wrong type
        return self._waiting

    def _go(self, url: str, method: str = "POST", fields: Mapping[str, str] | None = None) -> None:
        """Request a document and continue with it; on failure try the fallback URL, once per action of the caller."""
        self._waiting = None
        self._verbs.clear()
        try:
            self._silent_redirects += 1
            if self._silent_redirects > MOST_SILENT_REDIRECTS:
                raise CarrierError(  # noqa: TRY301 - handled below like the errors of read_document
                    11215, f"more than {MOST_SILENT_REDIRECTS} documents without a word", url
                )
            document = read_document(url, self._wire.ask(url, method, self._timed(fields or {})))
        except CarrierError as error:
            self.errors.append(error)
            self._fail(error)
        else:
            self.warnings.extend(document.warnings)
            self._verbs.extend(document.verbs)

    def _timed(self, fields: Mapping[str, str]) -> dict[str, str]:
        return {**fields, "CallerSeconds": f"{self.seconds:.2f}"}

    def _fail(self, error: CarrierError) -> None:
        first = self._failed or error
        if self.fallback and self._failed is None:
            self._failed = error
            self._go(self._wire.beside("fallback"), "POST", {"ErrorCode": str(error.code), "ErrorUrl": error.url})
        else:
            self._execute(_APOLOGY)
            self._end(Ended("error", first))

    def _end(self, ended: Ended, status: str = "completed") -> None:
        self._waiting = ended
        self._verbs.clear()
        self._queue.clear()
        self.warnings.extend(self._wire.tell_end(status, self.seconds))
