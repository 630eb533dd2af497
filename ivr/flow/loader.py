"""YAML to `Flows`: read each file, build its states, then hand over to the checker for what needs the whole set.

Every problem of every file is told at once. What the YAML may hold is written down in `files`, and for each kind of
state in its module in `states`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath

from ivr.errors import Place, Report, did_you_mean
from ivr.flow import files as shapes
from ivr.flow.definition import Flow
from ivr.flow.language import LIMITS
from ivr.flow.parts import REPEAT, Limits, Line
from ivr.flow.reading import StateReader, read_keys, read_limits, read_target, read_texts
from ivr.flow.states import State, kinds
from ivr.keypad import key_name
from ivr.prompts.spoken import is_possible_phone
from ivr.yaml_reader import Node, read

LINE_FILE = "line.yaml"


def read_flows(files: Mapping[str, str | None], report: Report, root: str = "flows") -> tuple[Line, dict[str, Flow]]:
    """Build the line and its flows from the text of their files (relative path -> text, None: told to be unreadable).

    What has a problem is there as far as it could be read, so the result is only good when nothing was reported.
    """
    nodes = {name: read(f"{root}/{name}", text, report) if text is not None else None for name, text in files.items()}
    strays = {name for name, node in nodes.items() if node and _is_stray(name, node, report)}
    if LINE_FILE not in files and not any(PurePath(name).stem.lower() in _LINE_NAMES for name in strays):
        report.add(Place(f"{root}/{LINE_FILE}"), "there is no such file; it says what holds for the whole line")
    read_well = {name: node for name, node in nodes.items() if node and name not in strays}
    line = _line(read_well.get(LINE_FILE), Place(f"{root}/{LINE_FILE}"), report)
    flows: dict[str, Flow] = {}
    for name in sorted(nodes.keys() - {LINE_FILE}):
        flow = _flow(read_well.get(name), Place(f"{root}/{name}"), line, report)
        other = flows.setdefault(flow.name, flow)
        if other is not flow:
            odd, good = (other, flow) if _named_after(other.place) != other.name else (flow, other)
            report.add(odd.at("flow"), f'flow "{odd.name}" is already in {good.place.file}')
            flows[good.name] = good
            flows.setdefault(_named_after(odd.place), _unread(odd.place))
    return line, flows


def _is_stray(name: str, node: Node, report: Report) -> bool:
    """Tell a file that is another than it is called by its fields, once, in the place of all that would follow."""
    flow = shapes.flow_shape()
    wanted, other = (shapes.LINE, flow) if name == LINE_FILE else (flow, shapes.LINE)
    known, foreign = (len((node.fields or {}).keys() & shape.fields.keys()) for shape in (wanted, other))
    if node.fields is None or (known >= foreign and node.fits(wanted)):
        return False
    report.add(node.place, _STRAYS[wanted.name, other.name if foreign > known else ""])
    return True


_STRAYS = {
    ("line", "flow"): "this is a flow, but the file should say what holds for the whole line; get what it said back",
    ("line", ""): "this does not say what holds for the whole line; get what the file said back",
    ("flow", "line"): f'this says what holds for the whole line, as the file "{LINE_FILE}" should',
    (
        "flow",
        "",
    ): 'this is no flow, which has "flow", "start" and "states"; words belong into the folder of the prompts',
}
"""What is told of a file that should be the first and is the second."""
_LINE_NAMES = ("line", "lines")


def _named_after(place: Place) -> str:
    return PurePath(place.file).stem


def _unread(place: Place) -> Flow:
    """Return what stands for a file that was told of: a flow of its name, so that nothing follows from it."""
    return Flow(place, _named_after(place), "", {}, whole=False)


_ANY_LIMITS = {"silence": 3, "wrong": 3, "first_key": 6, "next_key": 8}
"""Stand in for those that could not be read, so that the flows can be."""


def _line(node: Node | None, place: Place, report: Report) -> Line:
    fields = node.shaped(report, "the line", shapes.LINE) if node else {}
    gives_up = fields["gives_up"].shaped(report, "gives_up", shapes.GIVES_UP) if "gives_up" in fields else {}
    limits = read_limits(fields.get("limits"), shapes.LINE_LIMITS, report)
    texts = read_texts(fields, ("start", "too_many", "too_long", "failed"), report)
    languages = _called_numbers(fields["languages"], report) if "languages" in fields else {}
    return Line(
        place=node.place if node else place,
        menu_keys=_interruptions(fields.get("menu_keys"), report),
        ask_keys=_interruptions(fields.get("ask_keys"), report),
        limits=Limits(**limits) if limits.keys() == _ANY_LIMITS.keys() else Limits(**_ANY_LIMITS),
        gives_up=read_texts(gives_up, gives_up, report),
        longest_call=_number(fields, "longest_call", report),
        most_actions=_number(fields, "most_actions", report),
        languages=languages,
        **texts,
        places=node.places() if node else {},
    )


def _number(fields: Mapping[str, Node], name: str, report: Report) -> int:
    shape = shapes.LINE_NUMBERS[name]
    return (fields[name].whole(report, _UNITS.get(name, name), shape) if name in fields else None) or shape.low


_UNITS = {"longest_call": "longest_call, in seconds,"}


def _called_numbers(node: Node, report: Report) -> dict[str, str]:
    """Return the language that calls to each number begin in; a number is written as the carrier names it."""
    found = {}
    for number, spoken in node.mapping(report, "languages").items():
        found[number] = spoken.text(report, "a language") or ""
        if number != "default" and not is_possible_phone(number):
            digits = "".join(filter(str.isdigit, number))
            meant = f' (did you mean "+{digits if len(digits) > 10 else f"1{digits}"}"?)' if len(digits) > 9 else ""
            report.add(
                node.key_place(number),
                f'"{number}" is no number that is called: it is written with + and its country, in digits only, as in '
                f'"+18005550100"{meant}',
            )
    return found


def _interruptions(node: Node | None, report: Report) -> dict[str, str]:
    return {key: value.text(report, f'the key "{key_name(key)}"') or REPEAT for key, value in read_keys(node, report)}


def _state(node: StateReader) -> State | None:
    """Read a state as the kind whose word it has."""
    known, written = kinds(), node.node.fields or {}
    words = [word for word in known if word in written]
    whole = [
        word for word in words if known[word].record.fields.keys() >= set(words)
    ]  # an action may say something first
    if len(whole) == 1:
        return known[whole[0]].read(node)
    slip = "" if words else next((field for field in written if did_you_mean(field, known)), "")
    found = f'"{slip}"{did_you_mean(slip, known)}' if slip else " and ".join(f'"{word}"' for word in words) or "none"
    message = f'state "{node.name}" should do one of {", ".join(known)}; found {found}'
    node.report.add(node.node.key_place(slip), message)
    return None


def _flow(node: Node | None, place: Place, line: Line, report: Report) -> Flow:
    """Build a flow, as far as it can be read."""
    if node is None or node.fields is None:
        if node:
            node.mapping(report, "a flow")
        return _unread(place)
    shape = shapes.flow_shape()
    fields = node.shaped(report, "a flow", shape)
    texts = read_texts(fields, ("flow", "start"), report)
    name = texts["flow"] or _named_after(place)
    limits = replace(line.limits, **read_limits(fields.get("limits"), LIMITS, report))
    too_many = read_target(fields.get("too_many"), report)
    states: dict[str, State] = {}
    flawed: set[str] = set()
    states_node = fields.get("states")
    for state_name, value in (states_node.mapping(report, "states") if states_node else {}).items():
        before = len(report.problems)
        at = states_node.key_place(state_name) if states_node else place
        state = _state(StateReader(report, state_name, at, value, limits, too_many))
        if state:
            states[state_name] = state
        if len(report.problems) > before:
            flawed.add(state_name)
    slipped = any(value.fields is not None for field, value in node.fields.items() if field not in shape.fields)
    whole = bool(states_node and states_node.fields) and not slipped  # a state that stands too far to the left
    return Flow(node.place, name, texts["start"], states, frozenset(flawed), whole, places=node.places())
