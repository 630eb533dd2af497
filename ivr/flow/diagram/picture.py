"""What a picture shows: a box for each state, or for each flow, with its transitions in the order of the YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.flow.definition import Flow, Flows
from ivr.flow.graph import StateName
from ivr.flow.parts import REPEAT, Target
from ivr.flow.states import KINDS, State
from ivr.flow.states.base import Look, Role
from ivr.keypad import NAME_OF_KEY
from ivr.prompts import Catalogue

ANY_QUESTION = "any question"
"""The box that stands for all questions: from it lead the flows that can break into every one of them."""
WHOLE = "line"
"""The title of the picture of the whole line. No flow can have this name, since `line.yaml` is not a flow."""


@dataclass(frozen=True, slots=True)
class BoxTransition:
    """A transition from one box to another, or to an end of the flow."""

    label: str
    to: str = ""
    end: str = ""
    says: bool = False
    """Whether something is said on the way."""
    confirms: bool = False
    hover: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A state or a flow.

    `share` is a fraction from 0 to 1 to show with it: of calls that came here, or of what was covered.
    """

    name: str
    kind: str
    detail: str
    hover: str
    transitions: tuple[BoxTransition, ...]
    share: float | None = None

    @property
    def caption(self) -> str:
        """What is written under the name: the kind, unless all boxes are flows, then details and the share."""
        words = [self.detail] if self.kind in ("flow", "question") else [self.kind, self.detail]
        return " ".join([*filter(None, words), *([] if self.share is None else [f"· {self.share:.0%}"])])


@dataclass(frozen=True, slots=True)
class Picture:
    """All boxes, the names of those to start from, and notes that are written below."""

    title: str
    boxes: tuple[Box, ...]
    starts: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one language, shown where the pointer rests on a box."""

    catalogue: Catalogue

    def of(self, prompt: str) -> str:
        words = self.catalogue.prompts.get(prompt)
        return f"{prompt}: {words.say.written}" if words else prompt


_NO_SHARES: Mapping[StateName, float] = {}


def flow_picture(
    flows: Flows, name: str, catalogue: Catalogue, shares: Mapping[StateName, float] = _NO_SHARES
) -> Picture:
    """Return the picture of one flow. `shares` gives fractions from 0 to 1 by (flow, state)."""
    flow, words = flows.flows[name], _Words(catalogue)
    boxes = tuple(_state_box(state, words, shares.get((name, state.name))) for state in flow.states.values())
    asks = any(state.is_question for state in flow.states.values())
    return Picture(name, boxes, (flow.start,), tuple(_notes_for_questions(flows)) if asks else ())


def line_picture(flows: Flows, shares: Mapping[StateName, float] = _NO_SHARES) -> Picture:
    """Return the picture of the whole line, a box for each flow. A flow's share is that of its first state."""
    boxes = [_flow_box(flow, flows, shares.get((flow.name, flow.start))) for flow in flows.flows.values()]
    hover = "Whatever is asked, these keys and events lead elsewhere."
    boxes.append(Box(ANY_QUESTION, "question", "in every flow", hover, tuple(_interruption_transitions(flows))))
    return Picture(WHOLE, tuple(boxes), (flows.line.start, ANY_QUESTION))


def _state_box(state: State, words: _Words, share: float | None) -> Box:
    transitions = tuple(_transition(label, transition, words) for label, transition in state.transitions())
    detail = "" if state.summary == state.name else state.summary
    return Box(state.name, state.word.replace("_", " "), detail, _hover(state, words), transitions, share)


_DRAWN_LIKE = {"flow": "run", "question": "menu"}


def look_of(kind: str) -> Look:
    """Return how boxes of a kind are drawn. A flow is drawn like `run`, and the box of all questions like a menu."""
    return KINDS[_DRAWN_LIKE.get(kind, kind).replace(" ", "_")].look


def _hover(state: State, words: _Words) -> str:
    does = [state.action] if state.action else [f"flow {state.runs}"] if state.runs else []
    spoken = [words.of(use.name) for use in state.prompts() if use.role is not Role.ON_THE_WAY]
    return "\n".join([*does, *spoken])


def _transition(label: str, transition: Target, words: _Words) -> BoxTransition:
    hover = [words.of(transition.say)] if transition.say else []
    hover += ["the caller's yes"] if transition.confirms else []
    hover += [f'counts as a wrong try of "{transition.counts}"'] if transition.counts else []
    return BoxTransition(
        NAME_OF_KEY.get(label, label),
        transition.state,
        transition.end,
        bool(transition.say),
        transition.confirms,
        "\n".join(hover),
    )


def _notes_for_questions(flows: Flows) -> Iterator[str]:
    """Yield what every question does besides the transitions that are drawn."""
    line = flows.line
    keys = [
        f"{NAME_OF_KEY.get(key, key)} {'repeats' if to == REPEAT else f'→ {to}'}" for key, to in line.menu_keys.items()
    ]
    yield f"In every menu that does not use the key itself: {', '.join(keys)}."
    yield f"Too many silences or wrong keys → {line.too_many}, unless drawn otherwise."


def _flow_box(flow: Flow, flows: Flows, share: float | None) -> Box:
    """Return the box of a whole flow, with a transition to each flow that it runs."""
    states = flow.states.values()
    runs = dict.fromkeys(state.runs for state in states if state.runs)
    questions = [state.name for state in states if state.is_question]
    detail = _count(len(states), "state") + (f", {_count(len(questions), 'question')}" if questions else "")
    hover = "states: " + ", ".join(flow.states)
    transitions = tuple(BoxTransition(name, name) for name in runs if name in flows.flows)
    return Box(flow.name, "flow", detail, hover, transitions, share)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _interruption_transitions(flows: Flows) -> Iterator[BoxTransition]:
    line = flows.line
    for key, flow in {**line.ask_keys, **line.menu_keys}.items():
        if flow != REPEAT:
            yield BoxTransition(f"key {NAME_OF_KEY.get(key, key)}", flow)
    yield BoxTransition("missed too often", line.too_many)
    yield BoxTransition("call too long", line.too_long)
    yield BoxTransition("an error", line.failed)
