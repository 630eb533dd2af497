"""How a call moves through the flow: `advance(flows, call, event) -> Step`, a pure function.

It goes on until the caller is needed (a verb) or the outside world is (an action, whose outcome is fed back as
`Done`). A walk that never comes to either is a broken flow and raises FlowError.
"""

from __future__ import annotations

from dataclasses import replace

from ivr.errors import IvrError
from ivr.flow import call as calls
from ivr.flow import verbs
from ivr.flow.call import Call, Event, Frame, Step, Visit
from ivr.flow.definition import (
    PERSON_OFFER,
    PERSON_OFFERS,
    REPEAT,
    Ask,
    Do,
    Flows,
    HangUp,
    Menu,
    Question,
    Run,
    Say,
    State,
    Target,
    Transfer,
)
from ivr.flow.verbs import Speak, Variant
from ivr.keypad import is_keys
from ivr.prompts import phrase
from ivr.prompts.spoken import Value
from ivr.secret import Secret

_MOST_STATES = 200
_LONGEST_ENTRY = 40
"""Keys taken where pound ends a number: far more than any answer has, so that too long a one does not spill into the
next question."""

HABIT_SECONDS = 2.0
"""A pound that comes sooner after the reply was pressed with the answer before it, by habit or twice: nobody can have
heard by then what it would do here. Measured from the reply, so the carrier's way there and back is in it."""

FIRST_OFFER = 2
"""The help from which on a person is offered, where one can be had."""


class FlowError(IvrError):
    """A flow that cannot go on: it goes round in circles, or an action came to an outcome nobody handles."""


def advance(flows: Flows, call: Call, event: Event) -> Step:
    """Move a call on by one event."""
    walk = _Walk(flows, call)
    walk.take(event)
    return Step(walk.call(), walk.verb, walk.action, tuple(walk.trail))


def said(flows: Flows, call: Call) -> verbs.Verb | None:
    """Return what the state that a call has come to says by itself; None where that is nothing.

    So every state can be heard without a call that comes to it.
    """
    walk = _Walk(flows, call)
    match walk.state:
        case Menu() | Ask() as question:
            walk._ask(question)
        case Say() as state:
            walk._speak_all(state.prompt, every_language=state.every_language)
            return verbs.GoOn(tuple(walk.words))
        case Do(say="") | Run():
            return None
        case state:
            walk._enter(state)
    return walk.verb


class _Walk:
    """One walk through the flow; mutable, and gone when `advance` returns."""

    def __init__(self, flows: Flows, call: Call) -> None:
        self.flows = flows
        self.language = call.language
        self.frames = list(call.frames)
        self.values = dict(call.values)
        self.held = dict(call.held)
        self.words = list(call.words)
        self.has_person = call.has_person
        self.after_keys = call.after_keys
        self.after_zero = call.after_zero
        self.trail: list[Visit] = []
        self.verb: verbs.Verb | None = None
        self.action: str | None = None

    def call(self) -> Call:
        return Call(
            self.language,
            tuple(self.frames),
            self.values,
            tuple(self.words),
            self.after_keys,
            self.after_zero,
            has_person=self.has_person,
            held=self.held,
        )

    @property
    def state(self) -> State:
        return self.flows.state(self.frames[-1].flow, self.frames[-1].state)

    # What happened

    def take(self, event: Event) -> None:
        match event:
            case calls.Started():
                self._begin(self.flows.line.start)
            case calls.TooLong():
                self.words = []
                self._interrupt(self.flows.line.too_long)
            case calls.Failed():
                self.words = []
                self._interrupt(self.flows.line.failed)
            case calls.Done():
                self._done(event)
            case calls.Keys() | calls.Silence() | calls.Resumed() | calls.Dialled():
                self._caller(event)

    def _caller(self, event: Event) -> None:
        by_habit = self.after_keys and isinstance(event, calls.Keys | calls.Silence) and event.after < HABIT_SECONDS
        twice = by_habit and self.after_zero and isinstance(event, calls.Keys) and event.keys.reveal() == "0"
        if isinstance(self.state, Menu | Ask):  # elsewhere the carrier comes back by itself, and no key was pressed
            self.after_keys = isinstance(event, calls.Keys)
            self.after_zero = isinstance(event, calls.Keys) and event.keys.reveal().endswith("0")
        match self.state, event:
            case (Menu() | Ask()) as question, calls.Keys() if by_habit and event.keys.reveal() == "#":
                self._ask(question)
            case Menu() as menu, calls.Keys() if twice and "0" not in menu.keys:
                self._ask(menu)  # the last digit of a number, pressed twice, must not lead away
            case Menu() as menu, calls.Keys() if event.keys:
                self._menu_key(menu, event.keys.reveal())
            case Ask() as ask, calls.Keys():
                self._digits(ask, event.keys.reveal())
            case Ask() as ask, calls.Silence() if event.after < _wait(ask):
                self._pound(ask, by_habit=by_habit)  # too soon for silence: a carrier that does not name the key
            case (Menu() | Ask()) as question, calls.Resumed():
                self._ask(question)  # what was keyed never arrived: the question is asked again, and nothing counted
            case (Menu() | Ask()) as question, _:
                self._missed(question, "silence")
            case Transfer() as transfer, calls.Dialled():
                self._dialled(transfer, event.outcome)
            case Do() as do, _:
                self.words = []
                self._act(do)
            case _:
                self.words = []
                self._enter(self.state)

    def _done(self, event: calls.Done) -> None:
        do = self.state
        if not isinstance(do, Do) or event.outcome not in do.outcomes:
            raise FlowError(f'{do.place}: state "{do.name}" does not handle the outcome "{event.outcome}"')
        self.values.update(event.values)
        for name in event.forgets:
            self.values.pop(name, None)
        if isinstance(language := event.values.get("language"), str):
            self.language = language
        self._leave(do, event.outcome, do.outcomes[event.outcome])

    def _dialled(self, transfer: Transfer, outcome: str) -> None:
        if outcome == "answered":
            self.words = []
            self._close(transfer, verbs.HangUp(()))
            return
        # With nobody to ask for, the words on the way here were not spoken yet; those that announce a person go.
        self.words = self.words[:-1] if outcome == "nobody" else []
        self._leave(transfer, outcome, transfer.outcomes[outcome])

    # Answers to a question

    def _menu_key(self, menu: Menu, keys: str) -> None:
        key = keys[0]
        if target := menu.keys.get(key):
            self._answered(menu, key, target)
        elif menu.choices and (item := self._chosen(menu, key)) is not None:
            self.values[menu.choices.save] = item
            self._answered(menu, "choice", menu.choices.next)
        elif key in self.flows.line.menu_keys:
            self._universal(menu, key, self.flows.line.menu_keys[key])
        else:
            self._missed(menu, "wrong")

    def _chosen(self, menu: Menu, key: str) -> Value:
        items = self.values.get(menu.choices.of) if menu.choices else None
        number = "123456789".find(key) + 1
        return items[number - 1] if isinstance(items, tuple | list) and 1 <= number <= len(items) else None

    def _digits(self, ask: Ask, keys: str) -> None:
        digits = keys.lstrip("#").split("#")[0]
        if not digits:
            self._pound(ask)
            return
        universal = "*" if "*" in digits else digits
        is_own = universal == "*" and ask.stars
        if universal in self.flows.line.ask_keys and not is_own:
            self._universal(ask, universal, self.flows.line.ask_keys[universal])
        elif is_keys(digits) and ask.low <= len(digits) <= ask.high:
            self._save(ask, digits)
            self._answered(ask, "next", ask.next)
        else:
            self._missed(ask, "wrong")

    def _save(self, ask: Ask, digits: str) -> None:
        if ask.card:
            self.held[ask.save] = Secret(digits)
        else:
            self.values[ask.save] = digits

    def _pound(self, ask: Ask, *, by_habit: bool = False) -> None:
        if by_habit:
            self._ask(ask)
        elif ask.pound:
            self._answered(ask, "pound", ask.pound)
        else:
            self._missed(ask, "silence")

    def _answered(self, question: Question, branch: str, target: Target) -> None:
        self.words = []
        self._leave(question, branch, target)

    def _universal(self, question: Question, key: str, flow: str) -> None:
        self.trail.append(Visit(self.frames[-1].flow, question.name, key))
        if flow == REPEAT:
            self._ask(question)
        else:
            self.words = []
            self._interrupt(flow)

    def _missed(self, question: Question, kind: Variant) -> None:
        tries = self._count(question.name, kind)
        most = question.limits.silence if kind == "silence" else question.limits.wrong
        if tries >= most and kind == "silence" and isinstance(question, Ask) and question.pound:
            self._answered(question, "pound", question.pound)
        elif tries >= most:
            because = self.flows.line.gives_up.get(kind)
            cut_off = self.words if kind == "wrong" and isinstance(question, Menu) else []  # an order number, perhaps
            self.words = [*cut_off, *([self._speak(because)] if because and tries > 1 else [])]
            self._give_up(question)
        else:
            self.trail.append(Visit(self.frames[-1].flow, question.name, kind))
            self._ask(question, kind, tries)

    def _give_up(self, question: Question) -> None:
        """Leave a question that was missed too often; the words that say why are there already."""
        if question.too_many:
            self._leave(question, "too_many", question.too_many)
        else:
            self.trail.append(Visit(self.frames[-1].flow, question.name, "too_many"))
            self._interrupt(self.flows.line.too_many)

    def _count(self, question: str, kind: str) -> int:
        frame = self.frames[-1]
        tries = frame.counts.get(f"{question}.{kind}", 0) + 1
        self.frames[-1] = replace(frame, counts={**frame.counts, f"{question}.{kind}": tries})
        return tries

    # Moving on

    def _begin(self, flow: str, *, interrupting: bool = False) -> None:
        start = self.flows.flows[flow].start
        self.frames.append(Frame(flow, start, interrupting=interrupting))
        self._enter(self.state)

    def _interrupt(self, flow: str) -> None:
        """Break into the question at hand; an interruption that is under way gives way, with all it had run."""
        under_way = [position for position, frame in enumerate(self.frames) if frame.interrupting and position]
        if under_way:
            del self.frames[under_way[0] :]
        self._begin(flow, interrupting=True)

    def _leave(self, state: State, branch: str, target: Target) -> None:
        self._walked(Visit(self.frames[-1].flow, state.name, branch))
        if target.say:
            self.words.append(self._speak(target.say))
        self.values.update(target.sets)
        self.language = target.sets.get("language", self.language)
        if target.end:
            self._end(target.end)
        elif target.counts and self._count(target.counts, "missed") >= self._question(target.counts).limits.wrong:
            if not self.words and (because := self.flows.line.gives_up.get("wrong")):
                self.words = [self._speak(because)]
            self._give_up(self._question(target.counts))
        else:
            self._go(target)

    def _question(self, name: str) -> Question:
        state = self.flows.state(self.frames[-1].flow, name)
        if not isinstance(state, Menu | Ask):
            raise FlowError(f'{state.place}: "{name}" is counted as a question, but asks nothing')
        return state

    def _go(self, target: Target) -> None:
        frame = self.frames[-1]
        counts = frame.counts
        if counts and target.counts != target.state:  # coming anew: a question's counts begin anew
            counts = {name: tries for name, tries in counts.items() if name.rpartition(".")[0] != target.state}
        self.frames[-1] = Frame(frame.flow, target.state, counts, frame.interrupting)
        self._enter(self.state)

    def _end(self, end: str) -> None:
        ended = self.frames.pop()
        below = self.state
        if ended.interrupting:
            self._enter(below)
        elif isinstance(below, Run):
            self._leave(below, end, below.ends[end])
        else:
            raise FlowError(f'{below.place}: flow "{ended.flow}" ended, but "{below.name}" did not run it')

    def _enter(self, state: State) -> None:
        match state:
            case Say():
                self._speak_all(state.prompt, every_language=state.every_language)
                self._leave(state, "next", state.next)
            case Menu() | Ask():
                self._ask(state)
            case Do(say=""):
                self._act(state)
            case Do():
                self.words.append(self._speak(state.say))
                self._close(state, verbs.GoOn(tuple(self.words)))
            case Run():
                self._walked(Visit(self.frames[-1].flow, state.name))
                self._begin(state.flow)
            case Transfer():
                self.words.append(self._speak(state.prompt))
                self._close(state, verbs.Dial(tuple(self.words)))
            case HangUp():
                self.words.append(self._speak(state.prompt))
                self._close(state, verbs.HangUp(tuple(self.words)))

    def _act(self, do: Do) -> None:
        self.action = do.action

    def _ask(self, question: Question, variant: Variant = "say", tries: int = 1) -> None:
        extra = self._options(question)
        languages = self._languages(every_language=isinstance(question, Menu) and question.every_language)
        quiet = isinstance(question, Ask) and question.quiet and variant == "say"
        asked = [self._speak(question.prompt, variant, tries, language, extra) for language in languages if not quiet]
        wait = _wait(question)
        before = self._before(question, again=variant == "say" or (variant == "wrong" and isinstance(question, Menu)))
        uncut = len(before) if isinstance(question, Menu) and question.first else 0
        words = (*before, *asked, *self._offer(question, variant, tries))
        longer = max(question.limits.first_key - wait, 0)
        verb = verbs.Gather(words, _most_keys(question), isinstance(question, Ask), wait, longer, uncut)
        self._close(question, verb)

    def _before(self, question: Question, *, again: bool) -> tuple[Speak, ...]:
        """Return the words before a question: what led to it, and each time the facts that a key of it confirms.

        A wrong key in a menu cut off what led to it, perhaps an order number. A silent caller has heard it all, and
        before a number stands only what was wrong with the last one.
        """
        facts = [self._speak(question.first)] if isinstance(question, Menu) and question.first else []
        return (*(self.words if again else ()), *facts)

    def _offer(self, question: Question, variant: Variant, tries: int) -> tuple[Speak, ...]:
        """Return the words that offer a person, in the later helps, where one can be had."""
        line = self.flows.line
        kind, keys = ("menu", line.menu_keys) if isinstance(question, Menu) else ("ask", line.ask_keys)
        taken = isinstance(question, Menu) and "0" in question.keys
        if variant == "say" or tries < FIRST_OFFER or not self.has_person or taken or "0" not in keys:
            return ()
        return (self._speak(PERSON_OFFERS[kind]),)

    def _options(self, question: Question) -> dict[str, Value]:
        if not isinstance(question, Menu) or not question.choices:
            return {}
        items = self.values.get(question.choices.of)
        option = question.choices.option
        return {
            "options": tuple(
                {"prompt": option, "values": {**item, "key": str(number)}}
                for number, item in enumerate(items if isinstance(items, tuple | list) else (), 1)
                if isinstance(item, dict)
            )
        }

    # Words

    def _languages(self, *, every_language: bool) -> list[str]:
        others = sorted(set(self.flows.languages) - {self.language}) if every_language else []
        return [self.language, *others]

    def _speak_all(self, prompt: str, *, every_language: bool) -> None:
        for language in self._languages(every_language=every_language):
            self.words.append(self._speak(prompt, language=language))

    def _speak(
        self,
        prompt: str,
        variant: Variant = "say",
        tries: int = 1,
        language: str = "",
        extra: dict[str, Value] | None = None,
    ) -> Speak:
        known = {**self.values, **(extra or {}), **self._person()}
        values = {name: known[name] for name in self.flows.prompt_values[prompt] if name in known}
        return Speak(prompt, language or self.language, values, variant, tries)

    def _person(self) -> dict[str, Value]:
        return {PERSON_OFFER: phrase(PERSON_OFFERS["menu"]) if self.has_person else ()}

    def _close(self, state: State, verb: verbs.Verb) -> None:
        self.verb = verb
        self.trail.append(Visit(self.frames[-1].flow, state.name))

    def _walked(self, visit: Visit) -> None:
        self.trail.append(visit)
        if len(self.trail) > _MOST_STATES:
            raise FlowError(f'flow "{visit.flow}" goes round in circles at "{visit.state}"')


def _most_keys(question: Question) -> int:
    """Return the keys after which a caller is not waited for any longer."""
    if isinstance(question, Menu):
        return 1
    return question.high if question.low == question.high else _LONGEST_ENTRY


def _wait(question: Question) -> int:
    """Return the seconds waited for a key: where there is only one, it is the first."""
    return question.limits.first_key if _most_keys(question) == 1 else question.limits.next_key
