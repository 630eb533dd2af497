"""The studio's list of a flow's states, with what each says and where each answer leads, and the flow's picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.flow.definition import Flow
from ivr.flow.diagram import STYLE, flow_picture, line_picture, to_svg
from ivr.flow.parts import Target
from ivr.flow.states import State
from ivr.keypad import key_name
from ivr.pages.studio.words import Book


@dataclass(frozen=True, slots=True)
class ListedTransition:
    """A transition of a state: to another `state` of the flow or, if that is "", to the flow's `end`."""

    label: str
    state: str
    end: str
    says: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedState:
    """A state as it is listed."""

    name: str
    kind: str
    does: str
    """What it does, in words, if `kind` does not tell."""
    prompt: str
    runs: str
    """The name of the flow that it runs, or ""."""
    transitions: tuple[ListedTransition, ...]
    path_there: str
    """The shortest path of a call to it, in words."""


def listed_states(book: Book, flow: Flow) -> tuple[ListedState, ...]:
    """Return the states of a flow, in the order of the file."""
    routes = ((state, book.routes.get((flow.name, state.name))) for state in flow.states.values())
    return tuple(_listed_state(state, route.words if route else "") for state, route in routes)


def marked_picture(book: Book, flow: Flow, at: str) -> str:
    """Return a flow's picture (SVG) with links from its boxes to the listed states.

    The path to the state `at` is marked. The style is left out: pages have it as a style sheet, since their content
    security policy does not allow styles within the page.
    """
    language = next(iter(book.version.catalogues.by_language.values()))
    links = {name: f"#{name}" for name in flow.states}
    svg = to_svg(flow_picture(book.version.flows, flow.name, language), links).replace(f"<style>{STYLE}</style>", "")
    route = book.routes.get((flow.name, at))
    for name in flow.states if route else ():
        mark = "here" if name == at else "passed" if route and (flow.name, name) in route.through else ""
        if mark:
            svg = svg.replace(f'<g id="{flow.name}.{name}">', f'<g id="{flow.name}.{name}" class="{mark}">')
    return svg


def whole_picture(book: Book, links: Mapping[str, str]) -> str:
    """Return the picture (SVG) of all flows, with links from its boxes, without style."""
    return to_svg(line_picture(book.version.flows), links).replace(f"<style>{STYLE}</style>", "")


def _listed_state(state: State, path_there: str) -> ListedState:
    does = "" if state.runs else state.summary + (", kept secret" if state.number and state.number.secret else "")
    transitions = tuple(_transitions(state))
    return ListedState(state.name, state.heading or state.noun, does, state.prompt, state.runs, transitions, path_there)


def _transitions(state: State) -> Iterator[ListedTransition]:
    for label, target in state.transitions():
        name = _label(label, is_key=label in state.keys)
        yield ListedTransition(name, target.state, target.end, target.say, tuple(_remarks_of(target)))


def _label(label: str, *, is_key: bool) -> str:
    if is_key:
        return f"key {key_name(label)}"
    return {"next": "then", "choice": "a choice", "pound": "pound alone", "too_many": "too many tries"}.get(
        label, label
    )


def _remarks_of(target: Target) -> Iterator[str]:
    if target.confirms:
        yield "the caller's yes"
    if target.counts:
        yield f"counts as a wrong try at {target.counts}"
    for name, value in sorted(target.sets.items()):
        yield f"{name} = {value}"
