"""A flow as the studio lists it, beside its picture: every state, what it says and where each answer leads."""

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
    """One way out of a state; `state` is in the same flow, else it is the flow's own end."""

    label: str
    state: str
    end: str
    says: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedState:
    """One state."""

    name: str
    kind: str
    does: str
    """What it does, in words, where the kind does not say it all."""
    prompt: str
    runs: str
    """The flow it runs."""
    transitions: tuple[ListedTransition, ...]
    path_there: str
    """The shortest way of a call to it."""


def rows(book: Book, flow: Flow) -> tuple[ListedState, ...]:
    """Return the states of a flow, in the order of the file."""
    routes = ((state, book.routes.get((flow.name, state.name))) for state in flow.states.values())
    return tuple(_row(state, route.words if route else "") for state, route in routes)


def picture(book: Book, flow: Flow, at: str) -> str:
    """Return a flow as a picture for the page, its boxes leading to their states; the way to a state is marked.

    Its style is a sheet of its own, for pages take none from within.
    """
    language = next(iter(book.version.catalogues.by_language.values()))
    links = {name: f"#{name}" for name in flow.states}
    drawn = to_svg(flow_picture(book.version.flows, flow.name, language), links).replace(f"<style>{STYLE}</style>", "")
    route = book.routes.get((flow.name, at))
    for name in flow.states if route else ():
        mark = "here" if name == at else "passed" if route and (flow.name, name) in route.through else ""
        if mark:
            drawn = drawn.replace(f'<g id="{flow.name}.{name}">', f'<g id="{flow.name}.{name}" class="{mark}">')
    return drawn


def whole_picture(book: Book, links: Mapping[str, str]) -> str:
    """Return the whole line as a picture for the page."""
    return to_svg(line_picture(book.version.flows), links).replace(f"<style>{STYLE}</style>", "")


def _row(state: State, path_there: str) -> ListedState:
    does = "" if state.runs else state.summary + (", kept secret" if state.number and state.number.secret else "")
    transitions = tuple(_transitions(state))
    return ListedState(state.name, state.heading or state.noun, does, state.prompt, state.runs, transitions, path_there)


def _transitions(state: State) -> Iterator[ListedTransition]:
    for label, target in state.transitions():
        name = _label(label, is_key=label in state.keys)
        yield ListedTransition(name, target.state, target.end, target.say, tuple(_remarks(target)))


def _label(label: str, *, is_key: bool) -> str:
    if is_key:
        return f"key {key_name(label)}"
    return {"next": "then", "choice": "a choice", "pound": "pound alone", "too_many": "too many tries"}.get(
        label, label
    )


def _remarks(target: Target) -> Iterator[str]:
    if target.confirms:
        yield "the caller's yes"
    if target.counts:
        yield f"counts as a wrong try at {target.counts}"
    for name, value in sorted(target.sets.items()):
        yield f"{name} = {value}"
