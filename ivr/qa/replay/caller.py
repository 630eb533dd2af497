"""A simulated caller on a simulated telephone, with a record of the turns, the words heard, and the cost."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ivr.errors import IvrError, Place
from ivr.flow.definition import Flows
from ivr.flow.graph import all_states
from ivr.flow.verbs import Pay, Speak
from ivr.languages import LANGUAGES
from ivr.phone.handset import KEY_SECONDS, DialOutcome, Handset
from ivr.phone.outcomes import Ended, Heard, Paying, Waiting
from ivr.phone.results import TALK_SECONDS
from ivr.prompts.lint.keys import words_up_to
from ivr.qa.replay.playable import Playable
from ivr.qa.replay.played import HANG_UP, MID_NUMBER, Cost, PlayedTurn, played_turn
from ivr.qa.scripts.row_patterns import show
from ivr.qa.scripts.script import (
    GOES_ON,
    LANGUAGE_KEY,
    OWN_KEY,
    Act,
    Breaks,
    CarrierSends,
    Dials,
    Ending,
    HangsUp,
    Later,
    Meanwhile,
    Pays,
    Person,
    Presses,
    ProcessorIs,
    Ships,
    Sweeps,
    Waits,
)
from ivr.secret import DOT
from ivr.simulator.connector import published_token
from ivr.simulator.scenario import Scenario, Turn

ANSWERS: Mapping[Person, DialOutcome] = {
    "answers": "completed",
    "busy": "busy",
    "no_answer": "no-answer",
    "nobody": "completed",
}


class CannotError(IvrError):
    """The caller cannot do what the script says at this point; `place` is where the script says it."""

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        super().__init__(message)


class SimulatedCaller:
    """A caller who makes one call, or several in a row. Making the object dials for the first time."""

    def __init__(
        self, line: Playable, flows: Flows, language: str, from_number: str, to_number: str, person: Person, mark: str
    ) -> None:
        """`mark` tells these calls from others: call ids are made from it, so the same mark gives the same ids."""
        self.line = line
        self.flows = flows
        self.language = language
        self.from_number = from_number
        self.to_number = to_number
        self.person: Person = person
        self.mark = mark
        self.transcript: list[str] = []
        self.turns: list[PlayedTurn] = []
        self.latest: Sequence[Turn] = ()
        """The turns since the caller last acted."""
        self.words: Sequence[Speak] = ()
        """The prompts that the line, or the carrier in its name, spoke since the caller last acted."""
        self.state: tuple[str, str] | None = None
        self.carrier_problems: list[str] = []
        """What a carrier would not take, or would warn of, in the calls that are over."""
        self.troubled = False
        """Whether something of the line was made to fail."""
        self.last = Heard((), Ended("caller hung up"))
        self.handset: Handset
        self.requests = 0
        """How many requests for TwiML were made in the calls that are over."""
        self._calls = self._keys = self._seen = 0
        self._seconds = self._waiting = self._talking = 0.0
        self._with_person = False
        self._pay: Pay | None = None
        self.dial()

    def fork(self) -> SimulatedCaller:
        """Return an independent copy of this caller, at the same point of the same call."""
        other = copy.copy(self)
        other.transcript, other.turns, other.carrier_problems = (
            [*self.transcript],
            [*self.turns],
            [*self.carrier_problems],
        )
        other.handset = self.handset.fork()
        return other

    def act(self, step: Act) -> None:
        """Do one act, as often as the step says. Raises CannotError when that is not possible now."""
        match step:
            case Presses():
                for _ in range(step.times):
                    self.press(step)
            case Waits():
                for _ in range(step.times):
                    self.wait(step)
            case Pays():
                self.pay(step)
            case HangsUp():
                self.hang_up()
            case Dials():
                self.from_number = step.from_number or self.from_number
                self.finish()
                self.dial()
            case Meanwhile():
                self.line.change(step.rows)
                self.add_line("meanwhile", "; ".join(f"{row.table} {show(row.columns)}" for row in step.rows))
            case CarrierSends():
                self.send_again(step)
            case _ if isinstance(self.line, Scenario):
                self._simulate(step, self.line)
            case _:
                raise CannotError(step.place, "only the simulator does that")

    def _simulate(self, step: Later | Sweeps | Ships | ProcessorIs | Breaks, scenario: Scenario) -> None:
        """Let something happen around the call, which only the simulator can do."""
        match step:
            case Later():
                scenario.later(step.span)
                self.add_line("later", str(step.span))
            case Sweeps():
                scenario.sweeps()
                self.add_line("sweeps")
            case Ships():
                if refusal := scenario.ships(step.order_number):
                    raise CannotError(step.place, f"it cannot be shipped: {refusal}")
                self.add_line("ships", step.order_number)
            case ProcessorIs():
                scenario.processor(step.state)
                self.add_line("processor", step.state)
            case Breaks():
                self.troubled = True
                scenario.breaks(step.fault)
                self.add_line("breaks", step.fault)

    def dial(self) -> None:
        """Begin a new call."""
        self._calls += 1
        name = f"{self.mark} {self._calls}"
        passes, today = self.line.passes, self.line.today
        self.handset = Handset(
            self.line.post,
            self.line.url,
            self.from_number,
            self.to_number,
            "CA" + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
            connector=published_token,
            today=lambda: today,
            answers=ANSWERS[self.person],
            passes=lambda seconds: passes(seconds),  # a plain function, which a fork shares
        )
        self.add_line("dials", self.to_number)
        self.take_in(self.handset.dial())

    def press(self, step: Presses) -> None:
        """Press keys, after the whole question or after the words that the step names."""
        self._must_go_on(step.place)
        keys = language_key(self.flows, self.language) if step.keys == LANGUAGE_KEY else step.keys
        after = self._words_before_key(step, keys)
        self.add_line("presses", self._shown(keys))
        self.take_in(self.handset.press(keys, after))

    def _shown(self, keys: str) -> str:
        """Return keys as a report may show them: the first key if it chooses something, and dots for all other digits."""
        waiting = self.last.waiting
        chooses = isinstance(waiting, Waiting) and waiting.gather.num_digits == 1 and not waiting.keys
        return keys[:chooses] + "".join(DOT if key.isdigit() else key for key in keys[chooses:])

    def _words_before_key(self, step: Presses, keys: str) -> int | None:
        """Return how many words of the question are heard before the key is pressed; None for all of them."""
        wanted = step.after.get(self.language) or step.after.get("")
        if not wanted or not isinstance(self.last.waiting, Waiting):
            return None
        text = " ".join(spoken.text for spoken in self.last.waiting.prompt)
        if wanted == OWN_KEY:
            heard = words_up_to(keys, text, LANGUAGES[self.language].speech)
            if heard is None:
                raise CannotError(
                    step.place, f'expected to hear of the key "{keys}" before it is pressed; heard "{text}"'
                )
            return len(heard.split())
        position = text.casefold().find(" ".join(wanted.split()).casefold())
        if position < 0:
            raise CannotError(step.place, f'expected to hear "{wanted}" before this key; heard "{text}"')
        return len(text[: position + len(wanted)].split())

    def wait(self, step: Waits) -> None:
        """Stay silent until the line goes on."""
        self._must_go_on(step.place)
        if not isinstance(waiting := self.last.waiting, Ended):
            self._waiting += waiting.timeout
        if isinstance(waiting, Waiting) and waiting.keys:
            self._interrupt(MID_NUMBER)
        self.add_line("waits")
        self.take_in(self.handset.wait())

    def pay(self, step: Pays) -> None:
        """Key a card into the carrier's own card step, or let that step end with the result that the act names."""
        if not isinstance(self.last.waiting, Paying):
            raise CannotError(step.place, "no card is being taken here")
        self.add_line("pays")
        fields = step.fields
        if "card" in fields:
            token = fields.get("token")
            self.handset.connector = published_token if token is None else lambda _card, _charge: token
            self.take_in(self.handset.pay(fields["card"], fields["expiry"], fields["code"]))
        elif fields["result"] == GOES_ON:
            self.take_in(self.handset.pay_goes_on())
        else:
            error = {"PaymentError": fields["error"]} if "error" in fields else {}
            self.take_in(self.handset.pay_result(fields["result"], **error))

    def send_again(self, step: CarrierSends) -> None:
        """Send a request once more, as a carrier may. Raises CannotError when it is answered differently."""
        older = step.what == "late"
        if older and not self.handset.has_asked_twice:
            raise CannotError(step.place, "only one request of this call was made yet: there is none before it")
        self.add_line("carrier", step.what)
        if not self.handset.is_answered_alike(older=older):
            raise CannotError(step.place, "the request that came once more was answered otherwise than the first time")

    def hang_up(self) -> None:
        """Hang up, if the call is not over yet."""
        if not isinstance(self.last.waiting, Ended):
            self._interrupt(HANG_UP)
            self.add_line("hangs up")
            self.take_in(self.handset.hang_up())
            self.words = ()  # a carrier that was taking a card still asked for a turn

    def finish(self) -> None:
        """End the call, hanging up if needed, and add it to the counts of keys, seconds, requests and problems."""
        if not isinstance(self.last.waiting, Ended):
            self.last = self.handset.hang_up()
        self.requests += self.handset.requests
        self._keys += self.handset.keys_pressed
        self._seconds += self.handset.seconds
        self.carrier_problems += [str(problem) for problem in (*self.handset.errors, *self.handset.warnings)]

    # What comes back

    def take_in(self, heard: Heard) -> None:
        """Note what was heard, and the turns of the line that led to it."""
        self.latest = self.line.turns[self._seen :]
        self._seen += len(self.latest)
        self.turns.extend(map(played_turn, self.latest))
        if self.latest and self.latest[-1].call.frames:
            top = self.latest[-1].call.top
            self.state = top.flow, top.state
        self.words = tuple(self._spoken(self.last.waiting, heard))
        self.last = heard
        self._with_person = bool(heard.dialled) and self.person == "answers"
        if heard.dialled:
            self.add_line("line", f"connects to {', '.join(heard.dialled)}")
            self._talking += TALK_SECONDS * self._with_person
        if heard.text:
            self.add_line("hears", heard.text)

    def _spoken(self, before: Waiting | Paying | Ended, heard: Heard) -> Iterator[Speak]:
        """Yield the prompts of the turns, each turn's before those that the carrier spoke at its card step."""
        by_action: dict[str, list[int]] = {}
        for action, position in heard.card_prompts:
            by_action.setdefault(action, []).append(position)
        if self._pay and isinstance(before, Paying):
            yield from _card_words(self._pay, by_action.pop(before.pay.action, ()))
        for turn in self.latest:
            yield from turn.verb.words
            if isinstance(turn.verb, Pay):
                self._pay = turn.verb
                yield from _card_words(turn.verb, by_action.pop(next(iter(by_action), ""), ()))

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return isinstance(self.last.waiting, Ended)

    def where(self) -> str:
        """Return the name and place of the state that the call is in, for messages; "" before the first turn."""
        if self.state is None:
            return ""
        flow, name = self.state
        return f'"{name}" ({self.flows.state(flow, name).place})'

    def end(self) -> Ending:
        """Return how the call has ended, "open" if it goes on."""
        if not isinstance(self.last.waiting, Ended):
            return "open"
        match self.last.waiting.reason:
            case "error":
                return "error"
            case "caller hung up":
                return "hung_up"
            case _:
                return "person" if self._with_person else "goodbye"

    def cost(self) -> Cost:
        """Return the keys and seconds that the calls which are over have taken."""
        keying = self._keys * KEY_SECONDS
        spoken = self._seconds - self._talking - keying - self._waiting
        return Cost(self._keys, max(spoken, 0.0), keying, self._waiting)

    def add_line(self, what: str, words: str = "") -> None:
        """Add a line to the transcript: who or what acted, and the words that belong to it."""
        self.transcript.append(f"{what:>9}  {words}".rstrip())

    def _must_go_on(self, place: Place) -> None:
        if isinstance(self.last.waiting, Ended):
            raise CannotError(place, f"the call is over: {self.last.waiting.reason}")

    def _interrupt(self, how: str) -> None:
        if self.turns:
            self.turns[-1] = replace(self.turns[-1], interrupted=how)


def _card_words(pay: Pay, positions: Iterable[int]) -> Iterator[Speak]:
    """Yield the prompts that the carrier spoke, of those which a turn gave it for its card step."""
    for position in positions:
        yield from pay.prompts[position].words


def language_key(flows: Flows, language: str) -> str:
    """Return the key that chooses a language in the flows. Raises IvrError when no menu offers it."""
    for _, state in sorted(all_states(flows), key=lambda one: one[0][0] != flows.line.start):
        for key, target in state.keys.items():
            if target.sets.get("language") == language:
                return key
    raise IvrError(f'no menu of the flows chooses the language "{language}"')
