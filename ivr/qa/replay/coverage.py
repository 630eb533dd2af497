"""Coverage of the flows: which transitions of which states were taken, in which languages.

A cell is one transition out of one state in one language: a key, an outcome, silence, a wrong key, too many of either,
star, zero, hanging up, a pause in the middle of a number. What the flow itself makes impossible (silence, where the
first one already gives up the question) is no cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ivr.errors import Place
from ivr.flow.definition import Flows
from ivr.flow.graph import StateName, all_states
from ivr.flow.parts import Limits
from ivr.flow.states import State
from ivr.keypad import STAR_AGAIN, key_name
from ivr.qa.replay.played import HANG_UP, MID_NUMBER, Played, PlayedTurn

ERROR_PATHS = ("silence", "wrong", "too_many")
ANSWERED = "answered"
LONGEST_ENTRY = 40
"""So many keys end a number, whatever length was asked for."""


class Group(StrEnum):
    """The kinds of cells."""

    OUTCOME = "states and outcomes"
    ERROR_PATHS = "silence, wrong key, too many"
    UNIVERSAL = "star and zero"
    CARRIER = "hang-ups and pauses in mid-number"


@dataclass(frozen=True, slots=True, order=True)
class CoverageCell:
    """One transition out of a state in one language, which is "" where a state speaks every language at once."""

    place: Place
    flow: str
    state: str
    transition: str
    language: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies it: (flow, state, transition, language)."""
        return (self.flow, self.state, self.transition, self.language)


def cells(flows: Flows) -> dict[CoverageCell, Group]:
    """Return every cell of the flows, with its group."""
    found: dict[CoverageCell, Group] = {}
    for (flow, name), state in all_states(flows):
        for transition, group in _transitions(flows, state):
            for language in ("",) if _counts_once(flows, flow, state) else flows.languages:
                found[CoverageCell(state.place, flow, name, transition, language)] = group
    return found


def _counts_once(flows: Flows, flow: str, state: State) -> bool:
    """Return whether a state is the same in every language: it speaks them all, or a call begins in it."""
    return state.every_language or (flow == flows.line.start and state.name == flows.flows[flow].start)


def _transitions(flows: Flows, state: State) -> Iterator[tuple[str, Group]]:
    yield from ((label, Group.OUTCOME) for label, _ in state.transitions() if label != "too_many")
    if state.ending:
        yield state.ending, Group.OUTCOME
    if state.limits:
        yield from _error_paths(state, state.limits)
    yield from ((key, Group.UNIVERSAL) for key in state.shared_keys(flows.line))


def _error_paths(question: State, limits: Limits) -> Iterator[tuple[str, Group]]:
    if limits.silence > 1:
        yield "silence", Group.ERROR_PATHS
    if limits.wrong > 1 and can_be_wrong(question):
        yield "wrong", Group.ERROR_PATHS
    if can_be_wrong(question) or not question.pound:  # else silence counts as the pound key
        yield "too_many", Group.ERROR_PATHS
    yield HANG_UP, Group.CARRIER
    if question.number and question.number.high > 1:
        yield MID_NUMBER, Group.CARRIER


def can_be_wrong(question: State) -> bool:
    """Return whether a caller can key anything that does not answer a question."""
    number = question.number
    return number is None or number.low > 1 or 1 < number.high < LONGEST_ENTRY


def exercised(flows: Flows, played: Iterable[Played]) -> set[tuple[str, str, str, str]]:
    """Return the keys of all cells that the plays passed through."""
    return {key for play in played for turn in play.turns for key in passed_cells(flows, turn)}


def passed_cells(flows: Flows, turn: PlayedTurn) -> Iterator[tuple[str, str, str, str]]:
    """Yield the keys of the cells that one turn passed through."""
    for position, trace_step in enumerate(turn.trace_steps):
        if trace_step.flow not in flows.flows or trace_step.state not in flows.flows[trace_step.flow].states:
            continue  # played on another version of the flows
        state = flows.state(trace_step.flow, trace_step.state)
        language = "" if _counts_once(flows, trace_step.flow, state) else turn.language
        transition = trace_step.branch
        if not transition and (not state.ends_on or (turn.event == state.ends_on and position == 0)):
            transition = state.ending
        if transition:
            yield trace_step.flow, trace_step.state, transition, language
    if turn.interrupted and turn.trace_steps:
        last = turn.trace_steps[-1]
        state = flows.state(last.flow, last.state)
        language = "" if _counts_once(flows, last.flow, state) else turn.language
        yield last.flow, last.state, turn.interrupted, language


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the flows was covered: all cells with their groups, and the keys of those that were covered."""

    groups: Mapping[CoverageCell, Group]
    done: frozenset[tuple[str, str, str, str]]

    @property
    def missing(self) -> tuple[CoverageCell, ...]:
        """The cells that were not covered, in the order of the files."""
        return tuple(sorted(cell for cell in self.groups if cell.key not in self.done))

    def percent(self, group: Group | None = None) -> float:
        """Return how much of one group, or of all, was covered, 0 to 100."""
        wanted = [cell for cell, cell_group in self.groups.items() if group in (None, cell_group)]
        return 100 * sum(cell.key in self.done for cell in wanted) / len(wanted) if wanted else 100.0

    def of_states(self) -> Mapping[StateName, float]:
        """Return for each state the share of its cells that were covered, 0 to 1, for shading a picture of the flow."""
        counted: dict[StateName, list[bool]] = {}
        for cell in self.groups:
            counted.setdefault((cell.flow, cell.state), []).append(cell.key in self.done)
        return {point: sum(taken) / len(taken) for point, taken in counted.items()}


def measure(flows: Flows, played: Iterable[Played], languages: Iterable[str] = ()) -> Coverage:
    """Return the coverage of the flows by what was played, in some languages if any are given, else in all."""
    wanted = {"", *(languages or flows.languages)}
    groups = {cell: group for cell, group in cells(flows).items() if cell.language in wanted}
    return Coverage(groups, frozenset(exercised(flows, played)))


def lines(flows: Flows, coverage: Coverage) -> Iterator[str]:
    """Yield what is not covered, one line a state: `flows/refill.yaml:42 menu "confirm": silence never tried (es)`."""
    by_state: dict[StateName, dict[str, list[str]]] = {}
    for cell in coverage.missing:
        by_state.setdefault((cell.flow, cell.state), {}).setdefault(cell.transition, []).append(cell.language)
    for (flow, name), missing_transitions in by_state.items():
        state = flows.state(flow, name)
        head = f'{state.place.file}:{state.place.line} {state.word} "{name}"'
        alike: dict[tuple[str, ...], list[str]] = {}
        for transition, missing in missing_transitions.items():
            alike.setdefault(tuple(sorted(missing)), []).append(_transition_in_words(transition, state))
        for languages, words in alike.items():
            everywhere = set(languages) in ({""}, set(flows.languages))
            where = "" if everywhere else f" ({', '.join(languages)})"
            yield f"{head}: {', '.join(words)} never tried{where}"


def _transition_in_words(transition: str, state: State) -> str:
    named = {"wrong": "wrong key", "too_many": "too many", HANG_UP: "hang-up", MID_NUMBER: "a pause in mid-number"}
    if transition in state.outcomes or (state.outcomes and transition == state.ending):
        return f'{state.outcome_word} "{transition}"'
    if state.is_question and (len(transition) == 1 or transition == STAR_AGAIN):
        return f"key {key_name(transition)}"
    return "an answer" if state.number and transition == "next" else named.get(transition, transition)


def coverage_summary(coverage: Coverage) -> Iterator[str]:
    """Yield the covered share of each group and of all, one line each."""
    for group in Group:
        in_group = [cell for cell, cell_group in coverage.groups.items() if cell_group == group]
        done = sum(cell.key in coverage.done for cell in in_group)
        yield f"{coverage.percent(group):5.1f}% of {group} ({done} of {len(in_group)})"
    yield f"{coverage.percent():5.1f}% of all"
