"""All actions that a flow can run with `do:`, one module for each subject (see `ivr.line.action`).

Every module of this folder is imported here, so that a new action is registered just by being in one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from ivr.flow.definition import ActionSpec
from ivr.line.action import ACTIONS, ExternalAction, TransactionalAction

__all__ = ["ACTIONS", "SPECS", "ExternalAction", "TransactionalAction"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

SPECS: Mapping[str, ActionSpec] = {name: action.spec for name, action in ACTIONS.items()}
"""Each action's specification, by its name: what a flow may rely on."""
