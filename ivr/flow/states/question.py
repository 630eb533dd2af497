"""What all questions share: they are asked, repeated with help after silence or a wrong key, and at last given up."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow.call import CardStepEnded, Early, Event, Keys, Resumed, Silence
from ivr.flow.live_call import LiveCall
from ivr.flow.parts import HELP_OFFER, REPEAT, Limits, Target
from ivr.flow.states.base import Role, State
from ivr.flow.verbs import Gather, Speak, Variant
from ivr.keypad import STAR_AGAIN
from ivr.prompts.spoken import Value

MOST_HASTY = 20
"""How many wrong keys of one menu are not counted because they came too soon, lest a stuck key goes on for ever."""

HABIT_SECONDS = 2.0
"""A pound that arrives sooner than this after the reply belongs to the answer before it, by habit or pressed twice:
nobody can have heard by then what pound does here. Measured from the reply, so the carrier's round trip is included."""

FIRST_OFFER = 2
"""The try (silences or wrong keys, from 1) from which on the help offers a person, if one can be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionState(State):
    """Asks for keys.

    Its limits keep anybody from staying in it for ever; a key that got lost only has it asked again.
    """

    role: ClassVar[Role] = Role.QUESTION
    says: ClassVar[str] = "the question"

    prompt: str
    limits: Limits

    @property
    def most_keys(self) -> int:
        """The number of keys after which the carrier stops waiting for more."""
        return self.number.most_keys if self.number else 1

    @property
    def wait(self) -> int:
        """The seconds waited for each key; for the first key where there is only one."""
        return self.limits.first_key if self.most_keys == 1 else self.limits.next_key

    @abstractmethod
    def answer(self, keys: str, call: LiveCall) -> None:
        """Handle keys that are a real answer, not a slip of the fingers."""

    def enter(self, call: LiveCall) -> None:
        """Ask the question."""
        self.ask(call)

    def resume(self, call: LiveCall) -> None:
        """Ask the question again, aloud."""
        self.ask(call, aloud=True)

    def take(self, event: Event, call: LiveCall) -> None:
        """Handle keys as an answer, and no keys as silence."""
        keys = event.keys.reveal() if isinstance(event, Keys) else ""
        too_soon = call.after_keys and isinstance(event, Keys | Silence) and event.after < HABIT_SECONDS
        call.too_soon = too_soon
        zero_twice = too_soon and call.after_zero and keys == "0" and self.one_key and "0" not in self.keys
        call.after_keys = isinstance(event, Keys)
        call.after_zero = keys.endswith("0")
        if (too_soon and keys == "#") or zero_twice:
            call.repeats = call.after_star
            self.ask(call)  # the last answer's key, pressed twice, must not lead away
        elif keys or (isinstance(event, Keys) and self.number):
            self.answer(keys, call)
        elif isinstance(event, Early):
            self.ask_after_facts(call)
        elif isinstance(event, Resumed | CardStepEnded):
            self.ask(call)  # the keys never arrived: ask again, and count nothing
        elif isinstance(event, Silence) and self.number and event.after < call.tempo.seconds(self.wait):
            self.end_early(call)  # too early for a silence: the carrier does not send the pound
        else:
            self.miss("silence", call)

    def end_early(self, call: LiveCall) -> None:
        """Handle a pound alone, with no number before it to end."""
        if call.too_soon:
            self.ask(call)
        elif self.pound:
            self.leave("pound", self.pound, call)
        else:
            self.miss("silence", call)

    def leave(self, label: str, target: Target, call: LiveCall) -> None:
        """Leave the question by an answer."""
        call.words, call.heard = [], []
        call.leave(label, target)

    def take_shared(self, key: str, call: LiveCall) -> bool:
        """Handle a key that means the same in every question: ask again, or break in with a flow.

        Return whether it was one.
        """
        shared = self.shared_keys(call.line)
        if key in ("*", STAR_AGAIN):
            key = STAR_AGAIN if STAR_AGAIN in shared and (call.after_star or key == STAR_AGAIN) else "*"
        flow = shared.get(key)
        if flow is None:
            return False
        call.trace_step(key)
        if flow == REPEAT:
            self.repeat(call)
        else:
            call.interrupt(flow)
        return True

    def repeat(self, call: LiveCall) -> None:
        """Ask again, with all that was said since the last answer, and tell what another star does."""
        call.words, call.heard = [*call.heard, *call.words], []
        call.repeats = True
        self.ask(call, aloud=True)

    def miss(self, kind: Variant, call: LiveCall) -> None:
        """Count a silence or a wrong key and ask again with help; at the limit, give up.

        A wrong key that came too soon is not counted: it may be the rest of a number that was keyed twice.
        """
        if kind == "wrong" and self.one_key and call.too_soon and call.count(self.name, "hasty") <= MOST_HASTY:
            call.trace_step(kind)
            self.ask(call, kind)
            return
        tries = call.count(self.name, kind)
        if tries < (self.limits.silence if kind == "silence" else self.limits.wrong):
            call.trace_step(kind)
            self.ask(call, kind, tries)
        elif kind == "silence" and self.pound:
            self.leave("pound", self.pound, call)
        else:
            reason = call.line.gives_up.get(kind)
            cut_off = call.words if kind == "wrong" and self.one_key else []  # an order number, perhaps
            call.words = [*cut_off, *([call.speak(reason)] if reason and tries > 1 else [])]
            call.give_up(self.name)

    def ask(
        self, call: LiveCall, variant: Variant = "say", tries: int = 1, *, aloud: bool = False, facts: bool = True
    ) -> None:
        """Ask, and end the turn. `variant` and `tries` choose the help: after which silence or wrong key.

        A quiet question has no words the first time, unless it is to be asked `aloud`.

        The words that led to the question are repeated when they may not have been heard: after a wrong key in a menu,
        where the key cut them short (an order number, perhaps). A silent caller has heard them all, and before a number
        they only say what was wrong with the last one.
        """
        repeat_words = variant == "say" or (variant == "wrong" and self.one_key)
        first = [call.speak(self.first)] if self.first and facts else []
        words_before = [*(call.words if repeat_words else ()), *first]
        is_silent = self.quiet and variant == "say" and not aloud
        languages = [] if is_silent else call.languages(every_language=self.every_language)
        options = self._options(call)
        question = (call.speak(self.prompt, variant, tries, language, options) for language in languages)
        wait = call.tempo.seconds(self.wait)
        extra_wait = max(call.tempo.seconds(self.limits.first_key) - wait, 0)
        words = (*words_before, *question, *self._offers(call, variant, tries))
        uncut = len(words_before) if first else 0
        call.close(Gather(words, self.most_keys, bool(self.number), wait, extra_wait, uncut))

    def ask_after_facts(self, call: LiveCall) -> None:
        """Ask, without the facts that have just been said to their end; star repeats them."""
        call.heard, call.words = [*call.heard, *call.words], []
        self.ask(call, facts=False)

    def _options(self, call: LiveCall) -> Mapping[str, Value]:
        """Return the choices as the value `options`, each with its key from 1 up; empty without choices."""
        if not self.choices:
            return {}
        items = call.values.get(self.choices.of)
        return {
            "options": tuple(
                {"prompt": self.choices.option, "values": {**item, "key": str(number)}}
                for number, item in enumerate(items if isinstance(items, tuple | list) else (), 1)
                if isinstance(item, dict)
            )
        }

    def _offers(self, call: LiveCall, variant: Variant, tries: int) -> Iterator[Speak]:
        """Yield the words that offer a person, from the second help on if one can be had, and help to who had the
        question repeated; not where the keys for them have another use."""
        shared = self.shared_keys(call.line)
        offer = call.person_offer("ask" if self.number else "menu")
        knows = not call.has_person and any(frame.flow == shared.get("0") for frame in call.frames)
        if variant != "say" and tries >= FIRST_OFFER and offer and "0" in shared and not knows:
            yield call.speak(offer)
        if call.repeats and STAR_AGAIN in shared:
            yield from (
                call.speak(HELP_OFFER, language=one) for one in call.languages(every_language=self.every_language)
            )
