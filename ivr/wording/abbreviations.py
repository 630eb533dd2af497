"""What the postal abbreviations of American addresses stand for; street data writes them, nobody says them."""

from __future__ import annotations


def _table(text: str) -> dict[str, str]:
    return dict(entry.strip().split(" ", 1) for entry in text.replace("\n", " ").split(";"))


DIRECTIONS = _table(
    "N North; S South; E East; W West; NE Northeast; NW Northwest; SE Southeast; SW Southwest;"
    "NORTH North; SOUTH South; EAST East; WEST West"
)

STREET_KINDS = _table("""
    ALY Alley; ANX Annex; ARC Arcade; AV Avenue; AVE Avenue; BCH Beach; BL Boulevard; BLF Bluff; BLVD Boulevard; BND Bend;
    BR Branch; BRG Bridge; BRK Brook; BYP Bypass; CIR Circle; CLB Club; CMN Common; CMNS Commons; COR Corner; CP Camp; CRES Crescent;
    CRK Creek; CRSE Course; CRST Crest; CSWY Causeway; CT Court; CTR Center; CTS Courts; CURV Curve; CV Cove; DL Dale;
    DM Dam; DR Drive; DV Divide; EST Estate; ESTS Estates; EXPY Expressway; EXT Extension; FLDS Fields; FLS Falls;
    FRD Ford; FRK Fork; FRST Forest; FRY Ferry; FWY Freeway; GDN Garden; GDNS Gardens; GLN Glen; GRN Green; GRV Grove;
    GTWY Gateway; HBR Harbor; HL Hill; HLS Hills; HOLW Hollow; HTS Heights; HVN Haven; HWY Highway; INLT Inlet;
    IS Island; JCT Junction; KNL Knoll; KNLS Knolls; LK Lake; LKS Lakes; LN Lane; LNDG Landing; LP Loop; MDW Meadow;
    MDWS Meadows; ML Mill; MLS Mills; MNR Manor; MTN Mountain; MTWY Motorway; ORCH Orchard; PARK Park; PASS Pass;
    PKWY Parkway; PKY Parkway; PL Place; PLN Plain; PLNS Plains; PLZ Plaza; PNE Pine; PNES Pines; PR Prairie; PRT Port;
    PSGE Passage; PW Parkway; PT Point; PTS Points; RD Road; RDG Ridge; RIV River; RNCH Ranch; ROW Row; RTE Route; RUN Run;
    SHR Shore; SHRS Shores; SMT Summit; SPG Spring; SPGS Springs; SQ Square; ST Street; STA Station; STRM Stream;
    TER Terrace; TERR Terrace; TPKE Turnpike; TRCE Trace; TRFY Trafficway; TRL Trail; TRWY Throughway; TUNL Tunnel;
    UN Union; VIA Viaduct; VIS Vista; VL Ville; VLG Village; VLY Valley; VW View; WAY Way; WLS Wells; WY Way; XING Crossing;
    XRD Crossroad
""")

BEFORE_A_NAME = _table("ST Saint; STE Sainte; MT Mount; FT Fort; DR Doctor; PT Point; CO County")
"""What an abbreviation means when a name follows it: St James Street, Dr Martin Luther King Junior Way."""

ALWAYS = _table("""
    JR Junior; US U S; TWR Tower; MTN Mountain; HWY Highway; PKWY Parkway; BLVD Boulevard; AVE Avenue; RTE Route; EXPY Expressway;
    FWY Freeway; TPKE Turnpike; CNTY County; RD Road; LN Lane; CIR Circle; LK Lake; HTS Heights; SPGS Springs;
    APO A P O; FPO F P O; DPO D P O; PSC P S C; CMR C M R; PO P O; RR Rural Route; HC Highway Contract
""")

BEFORE_A_NUMBER = _table("CR County Road; SR State Route; RR Rural Route; HC Highway Contract; FM Farm to Market")

STATES = _table("""
    AL Alabama; AK Alaska; AZ Arizona; AR Arkansas; CA California; CO Colorado; CT Connecticut; DE Delaware;
    DC District of Columbia; FL Florida; GA Georgia; HI Hawaii; ID Idaho; IL Illinois; IN Indiana; IA Iowa; KS Kansas;
    KY Kentucky; LA Louisiana; ME Maine; MD Maryland; MA Massachusetts; MI Michigan; MN Minnesota; MS Mississippi;
    MO Missouri; MT Montana; NE Nebraska; NV Nevada; NH New Hampshire; NJ New Jersey; NM New Mexico; NY New York;
    NC North Carolina; ND North Dakota; OH Ohio; OK Oklahoma; OR Oregon; PA Pennsylvania; RI Rhode Island;
    SC South Carolina; SD South Dakota; TN Tennessee; TX Texas; UT Utah; VT Vermont; VA Virginia; WA Washington;
    WV West Virginia; WI Wisconsin; WY Wyoming; AS American Samoa; GU Guam; MP Northern Mariana Islands;
    PR Puerto Rico; VI Virgin Islands; AA Armed Forces Americas; AE Armed Forces Europe; AP Armed Forces Pacific;
    FM Micronesia; MH Marshall Islands; PW Palau
""")

SPANISH_STATES = _table("""
    DC Distrito de Columbia; HI Hawái; LA Luisiana; MI Míchigan; MS Misisipi; MO Misuri; NH Nuevo Hampshire;
    NJ Nueva Jersey; NM Nuevo México; NY Nueva York; NC Carolina del Norte; ND Dakota del Norte; OR Oregón;
    PA Pensilvania; SC Carolina del Sur; SD Dakota del Sur; WV Virginia Occidental; AS Samoa Americana;
    MP Islas Marianas del Norte; VI Islas Vírgenes; MH Islas Marshall; AA Fuerzas Armadas Américas;
    AE Fuerzas Armadas Europa; AP Fuerzas Armadas Pacífico
""")
"""Only those that Spanish speakers call otherwise."""
