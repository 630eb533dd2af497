"""How addresses are spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.languages import LANGUAGES
from ivr.prompts.spoken import speak
from ivr.prompts.spoken.addresses import speak_city, speak_street

EN, ES = LANGUAGES["en"], LANGUAGES["es"]


@pytest.mark.parametrize(
    ("number", "english", "spanish"),
    [
        ("7", "seven", "siete"),
        ("74", "seventy-four", "setenta y cuatro"),
        ("100", "one hundred", "cien"),
        ("300", "three hundred", "trescientos"),
        ("305", "three oh five", "trescientos cinco"),
        ("321", "three twenty-one", "trescientos veintiuno"),
        ("1000", "one thousand", "mil"),
        ("1001", "ten oh one", "mil uno"),
        ("1200", "twelve hundred", "mil doscientos"),
        ("1204", "twelve oh four", "mil doscientos cuatro"),
        ("2000", "two thousand", "dos mil"),
        ("9999", "ninety-nine ninety-nine", "nueve mil novecientos noventa y nueve"),
        ("12345", "one two three four five", "uno dos tres cuatro cinco"),
        ("123B", "one twenty-three B", "ciento veintitrés B"),
        ("90-05", "ninety dash oh five", "noventa guion cero cinco"),
        ("112-10", "one twelve dash ten", "ciento doce guion diez"),
        ("12 3/4", "twelve and three quarters", "doce y tres cuartos"),
        ("12-34", "twelve dash thirty-four", "doce guion treinta y cuatro"),
        ("1204 1/2", "twelve oh four and a half", "mil doscientos cuatro y medio"),
    ],
)
def test_house_numbers_are_said_as_people_say_them(number: str, english: str, spanish: str) -> None:
    address = {"house_number": number}
    assert (speak("address", address, "en"), speak("address", address, "es")) == (english, spanish)


@pytest.mark.parametrize(
    ("street", "spoken"),
    [
        ("SPRINGFIELD STREET", "Springfield Street"),
        ("N 186TH ST", "North one hundred eighty-sixth Street"),
        ("5TH AVE NW", "fifth Avenue Northwest"),
        ("102ND STREET WEST", "one hundred second Street West"),
        ("ST JAMES ST", "Saint James Street"),
        ("E ST CATHERINE ST", "East Saint Catherine Street"),
        ("E ST", "E Street"),
        ("N E ST", "North E Street"),
        ("C STREET NORTHEAST", "C Street Northeast"),
        ("AVENUE N", "Avenue N"),
        ("BROADWAY N", "Broadway North"),
        ("HWY 116 S", "Highway one sixteen South"),
        ("JOHN W MAHAR HIGHWAY", "John W Mahar Highway"),
        ("DR MARTIN LUTHER KING JR BLVD", "Doctor Martin Luther King Junior Boulevard"),
        ("SILVER DR S", "Silver Drive South"),
        ("FOURTH ST EXTENSION", "Fourth Street Extension"),
        ("MAIN ST APT 3", "Main Street apartment three"),
        ("MT VERNON RD", "Mount Vernon Road"),
        ("CR 375", "County Road three seventy-five"),
        ("ST HWY 299", "State Highway two ninety-nine"),
        ("VT ROUTE 100", "Vermont Route one hundred"),
        ("US HIGHWAY 98", "U S Highway ninety-eight"),
        ("RR 2 BOX 15", "Rural Route two Box fifteen"),
        ("PO BOX 123", "P O Box one twenty-three"),
        ("P.O. Box 12", "P O Box twelve"),
        ("WJ WICKER ROAD", "W J Wicker Road"),
        ("O & T ROAD", "O and T Road"),
        ("O'BRIEN CT", "O'Brien Court"),
        ("WRIGHT'S WAY", "Wright's Way"),
        ("McDonald Ave.", "McDonald Avenue"),
        ("", ""),
    ],
)
def test_abbreviations_are_said_in_full_by_where_they_stand(street: str, spoken: str) -> None:
    assert speak_street(street, EN) == spoken


@pytest.mark.parametrize(
    ("street", "spoken"),
    [
        ("N 186TH ST", "North one hundred eighty-sixth Street"),
        ("1ST ST", "first Street"),
        ("US-50", "U S fifty"),
        ("CALLE 1", "Calle uno"),
        ("PO BOX 15", "apartado postal quince"),
    ],
)
def test_spanish_keeps_street_names_with_their_numbers_and_says_its_own(street: str, spoken: str) -> None:
    assert speak_street(street, ES) == spoken


@pytest.mark.parametrize(
    ("city", "spoken"),
    [
        ("ST LOUIS", "Saint Louis"),
        ("N LAS VEGAS", "North Las Vegas"),
        ("FT WORTH", "Fort Worth"),
        ("MC LEAN", "Mc Lean"),
    ],
)
def test_cities_are_said_in_full(city: str, spoken: str) -> None:
    assert speak_city(city, EN) == spoken


@pytest.mark.parametrize(
    ("unit", "english", "spanish"),
    [
        ("5B", "unit five B", "unidad cinco B"),
        ("# 5", "unit five", "unidad cinco"),
        ("APT 204", "apartment two oh four", "apartamento doscientos cuatro"),
        ("Apt. 000003", "apartment three", "apartamento tres"),
        ("STE 100", "suite one hundred", "oficina cien"),
        ("REAR", "rear", "al fondo"),
        ("BSMT", "basement", "sótano"),
        ("PMB 234", "mailbox two thirty-four", "buzón doscientos treinta y cuatro"),
        ("BLDG 4 APT 2", "building four apartment two", "edificio cuatro, apartamento dos"),
        ("BLDG 4 # 2", "building four unit two", "edificio cuatro, unidad dos"),
        ("APARTMENT 2", "apartment two", "apartamento dos"),
        ("Apartamento 2", "apartment two", "apartamento dos"),
        ("2ND FLOOR", "second floor", "segundo piso"),
        ("1ST FL APT 3", "first floor apartment three", "primer piso, apartamento tres"),
        ("APT REAR", "apartment rear", "apartamento, al fondo"),
        ("APT2", "apartment two", "apartamento dos"),
        ("UNIT-5", "unit five", "unidad cinco"),
        ("APT NO 5", "apartment five", "apartamento cinco"),
        ("STE 100-A", "suite one hundred dash A", "oficina cien guion A"),
        ("GARDEN", "unit Garden", "unidad Garden"),
        ("B", "unit B", "unidad B"),
        ("", "", ""),
    ],
)
def test_units_have_a_name(unit: str, english: str, spanish: str) -> None:
    address = {"unit": unit}
    assert (speak("address", address, "en"), speak("address", address, "es")) == (english, spanish)


def test_a_whole_address_is_said_in_the_order_it_is_written() -> None:
    address = {
        "house_number": "1204",
        "street": "MAIN ST",
        "unit": "APT 5B",
        "city": "BUFFALO",
        "state": "NY",
        "zip": "14201-1234",
    }
    assert speak("address", address, "en") == (
        "twelve oh four Main Street, apartment five B, Buffalo, New York, one four two zero one, one two three four"
    )
    assert speak("address", address, "es") == (
        "mil doscientos cuatro Main Street, apartamento cinco B, Buffalo, Nueva York, "
        "uno cuatro dos cero uno, uno dos tres cuatro"
    )


def test_an_address_without_a_house_number_begins_with_its_street() -> None:
    address = {
        "house_number": None,
        "street": "PO BOX 12",
        "unit": None,
        "city": "AGAWAM",
        "state": "MA",
        "zip": "01001",
    }
    assert speak("address", address, "en") == "P O Box twelve, Agawam, Massachusetts, zero one zero zero one"


def test_a_half_that_a_directory_put_before_the_street_goes_to_the_house() -> None:
    assert (
        speak("address", {"house_number": "12", "street": "1/2 N FIR ST"}, "en") == "twelve and a half North Fir Street"
    )


_PARTS = st.sampled_from(["house_number", "street", "unit", "city", "state", "zip"])


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@given(address=st.dictionaries(_PARTS, st.none() | st.text(max_size=40)))
def test_no_address_is_too_strange_to_be_said(language: str, address: dict[str, str | None]) -> None:
    assert isinstance(speak("address", address, language), str)


@pytest.mark.parametrize(
    ("street", "spoken"),
    [
        ("5TH ST NW", "thirteen forty, fifth Street Northwest"),
        ("FIFTH AVE", "thirteen forty, Fifth Avenue"),
        ("N 5TH AVE", "thirteen forty North fifth Avenue"),
        ("MAIN ST", "thirteen forty Main Street"),
    ],
)
def test_a_pause_keeps_a_house_number_from_a_numbered_street(street: str, spoken: str) -> None:
    assert speak("address", {"house_number": "1340", "street": street}, "en") == spoken


@pytest.mark.parametrize(
    ("street", "english", "spanish"),
    [
        ("PR-2", "Puerto Rico two", "Puerto Rico dos"),
        ("CALLE 5 NE", "Calle five Northeast", "Calle cinco Noreste"),
        ("AVE 65 INFANTERIA", "Avenida sixty-five Infanteria", "Avenida sesenta y cinco Infanteria"),
        ("AVE PONCE DE LEON", "Avenida Ponce De Leon", "Avenida Ponce De Leon"),
        ("R.R. 2 BOX 18", "Rural Route two Box eighteen", "ruta rural dos, casilla dieciocho"),
    ],
)
def test_puerto_rico_is_spoken_in_spanish_to_spanish_speakers(street: str, english: str, spanish: str) -> None:
    assert (speak_street(street, EN, "PR"), speak_street(street, ES, "PR")) == (english, spanish)
