"""How the urbanizations of Puerto Rico are spoken."""

import pytest

from ivr.languages import LANGUAGES
from ivr.prompts.spoken import speak
from ivr.prompts.spoken.urbanizations import speak_urbanization


@pytest.mark.parametrize(
    ("name", "english", "spanish"),
    [
        ("", "", ""),
        ("LAS GLADIOLAS", "urbanization Las Gladiolas", "urbanización Las Gladiolas"),
        ("URB LAS GLADIOLAS", "urbanization Las Gladiolas", "urbanización Las Gladiolas"),
        ("Urb. Jard de Caparra", "urbanization Jardines de Caparra", "urbanización Jardines de Caparra"),
        ("EXT VILLA DEL PILAR", "urbanization Extensión Villa del Pilar", "urbanización Extensión Villa del Pilar"),
        ("QTAS DE SAN LUIS 2", "urbanization Quintas de San Luis two", "urbanización Quintas de San Luis dos"),
        ("BDA MORALES", "barriada Morales", "barriada Morales"),
        ("COND EL RETIRO", "condominio El Retiro", "condominio El Retiro"),
        ("URB", "urbanization", "urbanización"),
    ],
)
def test_an_urbanization_is_said_in_full(name: str, english: str, spanish: str) -> None:
    assert speak_urbanization(name, LANGUAGES["en"]) == english
    assert speak_urbanization(name, LANGUAGES["es"]) == spanish


def test_it_stands_before_the_city() -> None:
    address = {"house_number": "150", "street": "CALLE A", "urbanization": "URB LAS GLADIOLAS", "city": "San Juan"}
    assert speak("address", address, "es") == "ciento cincuenta Calle A, urbanización Las Gladiolas, San Juan"
