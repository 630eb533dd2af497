"""Finds out what the parts of a medicine label mean together: one form, one release, and amounts that fit the names.

A word such as SOLN can mean drops, an injection or something to drink. The route on the label decides, or else the
medicine, if there is only one way to use it. A label with two possible readings is not understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ivr.prompts.spoken import label_words as written
from ivr.prompts.spoken.labels import Amount, Group, LabelParts, Name


@dataclass(frozen=True, slots=True)
class MedicineLabel:
    """What a label means, as codes for which a language has words."""

    names: tuple[Name, ...]
    behind_brand: str
    """Letters, mixtures and devices that are part of the brand, in words; "" for none."""
    age: str
    """Whom it is for, "children" or "infants"; "" for everybody."""
    form: str
    """One of `FORMS`, "" where the label names none."""
    modifiers: tuple[str, ...]
    release: str
    """How it is released, "" where the label does not say."""
    hours: str
    """For how many hours a dose lasts, "12" or "24"; "" where the label does not say."""
    strengths: tuple[Group, ...]
    """The strength, then the same strength in other units."""
    sizes: tuple[Amount, ...]
    """How much is in the package."""


COUNTED = written.words_in("""
    tablet capsule caplet softgel suppository vaginal_suppository vaginal_insert vaginal_tablet lozenge gum film gummy
    dose_pack inhalation_capsule""")
"""Forms that are taken by the piece, so that the strength is that of one piece."""
NAMELESS = frozenset({"test_strip", "lancet", "pen_needle", "insulin_syringe"})
"""Forms that are articles of their own, so that the label needs no name."""

_RELEASED = (
    COUNTED
    | written.words_in("oral_suspension oral_liquid packet powder granules injection vial syringe pen kit implant")
    | {""}
)
"""Forms that exist with a longer-lasting release."""

_IMPLIED_FORMS: Mapping[str, frozenset[str]] = {
    form: frozenset(others.split())
    for form, others in {
        "needle": "",
        "insulin_syringe": "",
        "lancet": "",
        "strip": "",
        "auto_injector": "solution suspension injection pen syringe kit",
        "pen": "solution suspension injection kit cartridge syringe",
        "cartridge": "solution suspension injection",
        "nebulized": "solution suspension vial ampule inhaler",
        "syringe": "solution suspension injection kit",
        "vial": "solution suspension injection powder",
        "ampule": "solution suspension injection",
        "tablet": "pack kit",
        "caplet": "tablet",
        "softgel": "capsule",
        "capsule": "pack",
        "pack": "kit",
        "suppository": "insert",
        "insert": "",
        "packet": "powder granules solution suspension gel",
        "foam": "inhaler",
        "spray": "solution suspension liquid inhaler",
        "inhaler": "solution powder suspension",
        "drops": "solution suspension emulsion liquid",
        "mouth_rinse": "solution liquid",
        "enema": "suspension solution liquid kit",
        "shampoo": "suspension lotion",
        "wash": "liquid gel foam suspension lotion cream",
        "injection": "solution suspension emulsion powder oil",
        "concentrate": "solution liquid",
        "syrup": "liquid solution",
        "elixir": "liquid solution",
        "patch": "film",
        "weekly_patch": "patch film",
        "twice_weekly_patch": "patch film",
        "gummy": "",
        "liquid": "solution",
        "powder": "solution suspension",
    }.items()
}
"""Form -> the forms that may be written beside it and add nothing. The first key of these that a label has is its
form."""

_FORM_BY_ROUTE: Mapping[str, Mapping[str, str]] = {
    form: dict(entry.split(":") for entry in entries.split())
    for form, entries in {
        "tablet": ":tablet oral:tablet mouth:tablet vaginal:vaginal_tablet",
        "capsule": ":capsule oral:capsule inhaled:inhalation_capsule",
        "caplet": ":caplet oral:caplet",
        "softgel": ":softgel oral:softgel",
        "suppository": ":suppository rectal:suppository vaginal:vaginal_suppository",
        "insert": ":vaginal_insert vaginal:vaginal_insert",
        "lozenge": ":lozenge oral:lozenge mouth:lozenge",
        "gum": ":gum oral:gum mouth:gum",
        "film": ":film oral:film mouth:film skin:patch",
        "gummy": ":gummy oral:gummy",
        "pack": ":dose_pack oral:dose_pack",
        "solution": "oral:oral_solution eye:eye_drops ear:ear_drops nasal:nasal_spray inhaled:nebulizer_solution "
        "topical:topical_solution injected:injection mouth:mouth_rinse",
        "suspension": "oral:oral_suspension eye:eye_drops ear:ear_drops nasal:nasal_spray inhaled:nebulizer_suspension "
        "injected:injection rectal:enema",
        "drops": "oral:oral_drops eye:eye_drops ear:ear_drops nasal:nasal_drops",
        "emulsion": "eye:eye_emulsion",
        "spray": "nasal:nasal_spray inhaled:inhaler topical:topical_spray mouth:spray oral:spray",
        "liquid": "oral:oral_liquid topical:topical_liquid nasal:nasal_spray",
        "syrup": ":syrup oral:syrup",
        "elixir": ":elixir oral:elixir",
        "concentrate": ":oral_concentrate oral:oral_concentrate",
        "inhaler": ":inhaler inhaled:inhaler nasal:nasal_spray topical:topical_spray",
        "nebulized": ":nebulizer_solution inhaled:nebulizer_solution",
        "cream": ":cream topical:cream vaginal:vaginal_cream rectal:rectal_cream",
        "ointment": ":ointment topical:ointment eye:eye_ointment nasal:nasal_ointment rectal:rectal_ointment",
        "gel": ":gel topical:gel skin:gel eye:eye_gel vaginal:vaginal_gel nasal:nasal_gel mouth:oral_gel oral:oral_gel",
        "lotion": ":lotion topical:lotion",
        "foam": ":foam topical:foam rectal:rectal_foam vaginal:vaginal_foam",
        "shampoo": ":shampoo topical:shampoo",
        "wash": ":wash topical:wash",
        "oil": ":oil topical:oil",
        "paste": ":paste topical:paste mouth:paste",
        "jelly": ":jelly topical:jelly",
        "pads": ":pads topical:pads",
        "mouth_rinse": ":mouth_rinse mouth:mouth_rinse oral:mouth_rinse",
        "enema": ":enema rectal:enema",
        "patch": ":patch skin:patch topical:patch",
        "weekly_patch": ":weekly_patch skin:weekly_patch",
        "twice_weekly_patch": ":twice_weekly_patch skin:twice_weekly_patch",
        "injection": ":injection injected:injection",
        "vial": ":vial injected:vial",
        "ampule": ":ampule injected:ampule",
        "syringe": ":syringe injected:syringe",
        "pen": ":pen injected:pen",
        "auto_injector": ":auto_injector injected:auto_injector",
        "cartridge": ":cartridge injected:cartridge",
        "packet": ":packet oral:packet topical:packet",
        "powder": ":powder oral:powder topical:topical_powder inhaled:inhaler",
        "granules": ":granules oral:granules",
        "ring": ":vaginal_ring vaginal:vaginal_ring",
        "implant": ":implant injected:implant",
        "kit": ":kit",
        "strip": ":test_strip",
        "lancet": ":lancet",
        "needle": ":pen_needle",
        "insulin_syringe": ":insulin_syringe",
    }.items()
}
"""Form on the label -> route -> one of `FORMS`; the route "" stands for a label without one."""

FORMS = tuple(sorted({form for forms in _FORM_BY_ROUTE.values() for form in forms.values()} | {"nebulizer_suspension"}))
"""Every form for which a language has words."""

_DOSE_VOLUMES = {"5", "10", "15", "30"}
"""Volumes in milliliters by which liquids to drink are measured."""
_SPECIAL_RELEASES = {"extended": ["sustained", "controlled", "long_acting"], "delayed": ["enteric"]}
"""Release -> the special kinds of it; where a label has both, the special kind counts."""


def meaning_of(parts: LabelParts) -> MedicineLabel | None:
    """Return what the parts of a label mean together; None where that is not certain.

    Changes `parts`: mixtures are taken out of its groups, and forms that follow from devices are added.
    """
    brand = bool(parts.names) and parts.names[-1].is_brand
    mixes = [[amount.number for amount in group] for group in parts.groups if brand and _is_mix(group)]
    parts.groups = [group for group in parts.groups if not (brand and _is_mix(group))]
    groups = _with_concentration(parts)
    if not brand:
        parts.forms += [form for form in map(_form_of_device, parts.devices) if form not in parts.forms]
    form = _form(parts)
    if groups is None or form is None or len(set(parts.ages)) > 1 or not (parts.names or form in NAMELESS):
        return None
    groups = [[_with_units_of_form(amount, form, parts) for amount in group] for group in groups]
    if _contradict(groups):
        return None
    release = _release(parts, form, groups)
    if release is None or (release[0] and form not in _RELEASED) or not _amounts_fit_names(parts.names, groups):
        return None
    return MedicineLabel(
        names=tuple(parts.names),
        behind_brand=_behind_brand(parts, mixes) if brand else "",
        age=parts.ages[0] if parts.ages else "",
        form=form,
        modifiers=_modifiers(parts),
        release=release[0],
        hours=release[1],
        strengths=tuple(tuple(group) for group in groups),
        sizes=tuple(_with_units_of_form(amount, form, parts) for amount in parts.sizes),
    )


def _form_of_device(device: str) -> str:
    return "inhaler" if device in written.INHALERS else "pen" if device in written.PENS else "?"


def _is_mix(group: list[Amount]) -> bool:
    return tuple(amount.number for amount in group) in written.MIXES and not any(amount.unit for amount in group)


def _behind_brand(parts: LabelParts, mixes: list[list[str]]) -> str:
    """Return what is spoken as part of a brand: its letters, a mixture of insulins, the device."""
    devices = dict.fromkeys(parts.devices)
    mix = [device for device in devices if device == "Mix"]
    numbers = [number for mixed in mixes for number in mixed]
    return " ".join((*parts.letters, *mix, *numbers, *(device for device in devices if device != "Mix")))


def _with_concentration(parts: LabelParts) -> list[list[Amount]] | None:
    """Return the amounts including U-100, unless these already have it; None where they contradict it."""
    if not parts.concentrations:
        return parts.groups
    units_per_ml = {amount.number for group in parts.groups for amount in group if amount.unit == "unit"}
    if units_per_ml:
        return parts.groups if units_per_ml >= set(parts.concentrations) else None
    return [*parts.groups, *([Amount(number, "unit", ("1", "ml"))] for number in set(parts.concentrations))]


def _modifiers(parts: LabelParts) -> tuple[str, ...]:
    letters_for = {"disintegrating": "ODT", "double_strength": "DS"}
    return tuple(
        modifier for modifier in dict.fromkeys(parts.modifiers) if letters_for.get(modifier) not in parts.letters
    )


_MICROGRAMS = {"mcg": 1, "mg": 1_000, "g": 1_000_000}


def _contradict(groups: list[list[Amount]]) -> bool:
    """Tell whether a strength is nothing, or two strengths in units of mass are not the same one written twice."""
    if any(not float(amount.number) for group in groups for amount in group):
        return True
    masses = [
        round(float(group[0].number) * _MICROGRAMS[group[0].unit], 6)
        for group in groups
        if len(group) == 1 and group[0].unit in _MICROGRAMS and group[0].per is None
    ]
    return len(groups) > 1 and len(masses) == len(groups) and len(set(masses)) > 1


def _amounts_fit_names(names: list[Name], groups: list[list[Amount]]) -> bool:
    """Tell whether each group has one amount, or at least one for each name; a brand may be a mixture of any number."""
    if any(name.is_brand for name in names):
        return True
    return all(len(group) == 1 or (len(names) > 1 and len(group) >= len(names)) for group in groups)


# Form and route


def _form(parts: LabelParts) -> str | None:
    """Return one of `FORMS`, "" where the label has none; None where it is not certain."""
    forms, routes = set(parts.forms), set(parts.routes)
    if not forms and parts.modifiers and set(parts.modifiers) & written.OF_TABLETS:
        forms = {"tablet"}
    if not forms:
        return "" if not routes - {"oral"} else None
    form = next((form for form in _IMPLIED_FORMS if form in forms), min(forms))
    if forms - {form} - _IMPLIED_FORMS.get(form, frozenset()):
        return None
    if routes == {"oral", "inhaled"}:
        routes = {"inhaled"}
    if len(routes) > 1:
        return None
    if form == "nebulized" and "suspension" in forms:
        return "nebulizer_suspension"
    route = next(iter(routes), "")
    by_route = _FORM_BY_ROUTE.get(form, {})
    if not route and "" not in by_route:
        if form == "spray" and "sublingual" in parts.modifiers:
            return "spray"
        route = _route_of_liquid(form, parts)
    return by_route.get(route)


def _route_of_liquid(form: str, parts: LabelParts) -> str:
    """Return the route of a medicine whose label names none; "?" where more than one is possible."""
    if form == "spray" and any(_is_among(name, written.NASAL_SPRAYS) for name in parts.names):
        return "nasal"
    amounts = [amount for group in parts.groups for amount in group]
    is_percent = any(amount.unit == "percent" for amount in amounts)
    is_metered = any(amount.per and amount.per[1] in written.METERED for amount in amounts)
    volumes = {amount.per[0] for amount in amounts if amount.per and amount.per[1] == "ml"}
    usual = {route for name in parts.names if (route := _usual_route_of(name))}
    if len(usual) == 1:
        (route,) = usual
        fits = {
            "nasal": is_metered,
            "injected": bool(volumes) and not is_percent,
            "inhaled": is_percent or bool(volumes - {"1", "5"}),
        }
        if fits.get(route, is_percent or form == "drops"):
            return route
    is_by_mouth = form != "solution" or any(_is_among(name, written.BY_MOUTH) for name in parts.names)
    is_drunk = volumes <= _DOSE_VOLUMES or (is_by_mouth and not usual)
    return "oral" if volumes and is_drunk and not is_percent and not is_metered and form != "spray" else "?"


def _is_among(name: Name, names: frozenset[str]) -> bool:
    """Tell whether a medicine is among some names; a brand also counts by its first word."""
    return name.written in names or (name.is_brand and name.written.partition(" ")[0] in names)


def _usual_route_of(name: Name) -> str:
    routes = written.USUAL_ROUTES
    return routes.get(name.written) or (routes.get(name.written.partition(" ")[0], "") if name.is_brand else "")


# Release


def _release(parts: LabelParts, form: str, groups: list[list[Amount]]) -> tuple[str, str] | None:
    """Return the release and its hours, each "" for none; None where the label is contradictory."""
    hours = set(parts.hours)
    if form.endswith("patch") and any(amount.per and amount.per[1] == "hour" for group in groups for amount in group):
        hours = set()  # a strength per hour; the hours that a patch is worn are no release
    implied_hours = {sign.removesuffix("_hours") for sign in parts.implied if sign.endswith("_hours")}
    if parts.letters or any(name.spoken.rpartition(" ")[2].casefold() in written.RELEASES for name in parts.names):
        return ("", "") if hours <= {"12", "24"} else None
    hours = hours or implied_hours
    releases = set(parts.releases) or {sign for sign in parts.implied if not sign.endswith("_hours")}
    for general, kinds in _SPECIAL_RELEASES.items():
        if releases & set(kinds):
            releases -= {general}
    if len(releases) > 1 or len(hours) > 1 or not hours <= {"12", "24"}:
        return None
    release = next(iter(releases), "extended" if hours else "")
    if hours and release in ("delayed", "enteric"):
        return None
    return release, next(iter(hours), "")


# Amounts


def _with_units_of_form(amount: Amount, form: str, parts: LabelParts) -> Amount:
    """Return an amount with the units that its form implies.

    "G" of a needle is its gauge, and an actuation is a spray or an inhalation.
    """
    unit, per = amount.unit, amount.per
    if unit == "g" and form in ("pen_needle", "lancet", "insulin_syringe"):
        unit = "gauge"
    metered = _metered_unit(form, parts)
    if unit == "actuation":
        unit = metered
    if per and per[1] == "actuation":
        per = (per[0], metered)
    return Amount(amount.number, unit, per)


def _metered_unit(form: str, parts: LabelParts) -> str:
    if form in ("nasal_spray", "spray", "topical_spray") or (not form and _has_usual_route(parts.names, "nasal")):
        return "spray"
    is_inhaler = form in ("inhaler", "inhalation_capsule") or bool(written.INHALERS & set(parts.devices))
    return "inhalation" if is_inhaler else "actuation"


def _has_usual_route(names: Iterable[Name], route: str) -> bool:
    return any(_usual_route_of(name) == route for name in names)
