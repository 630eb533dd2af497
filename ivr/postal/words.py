"""Tables of Publication 28: the full word for each spelling in a directory.

They have 206 suffixes in 549 spellings (C1), 24 unit designators in 56 (C2), 8 directions, 62 states, territories and
armed forces (B), and 15 Spanish kinds of streets in 34 spellings. Spellings that directories use but Publication 28
does not list are in tables of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping


def table(text: str) -> dict[str, str]:
    """Return the full word by spelling from text like `Full: SHORT OTHER; …`; FULL is a spelling too."""
    full_by_spelling: dict[str, str] = {}
    for entry in text.replace("\n", " ").split(";"):
        full, _, spellings = entry.strip().partition(": ")
        for spelling in (full.upper(), *spellings.split()):
            full_by_spelling.setdefault(spelling, full)
    return full_by_spelling


def _standard(text: str) -> dict[str, str]:
    """Return the standard abbreviation, the first spelling, by full word from the same kind of text."""
    entries = (entry.strip().partition(": ") for entry in text.replace("\n", " ").split(";"))
    return {full: spellings.split()[0] for full, _, spellings in entries}


_DIRECTIONS = """
    North: N; South: S; East: E; West: W; Northeast: NE; Northwest: NW; Southeast: SE; Southwest: SW
"""
DIRECTIONS: Mapping[str, str] = table(_DIRECTIONS)
DIRECTION_LETTERS: Mapping[str, str] = _standard(_DIRECTIONS)

_SUFFIXES = """
    Alley: ALY ALLEE ALLY; Annex: ANX ANEX ANNX; Arcade: ARC; Avenue: AVE AV AVEN AVENU AVN AVNUE; Bayou: BYU BAYOO;
    Beach: BCH; Bend: BND; Bluff: BLF BLUF; Bluffs: BLFS; Bottom: BTM BOT BOTTM; Boulevard: BLVD BOUL BOULV;
    Branch: BR BRNCH; Bridge: BRG BRDGE; Brook: BRK; Brooks: BRKS; Burg: BG; Burgs: BGS; Bypass: BYP BYPA BYPAS BYPS;
    Camp: CP CMP; Canyon: CYN CANYN CNYN; Cape: CPE; Causeway: CSWY CAUSWA;
    Center: CTR CEN CENT CENTR CENTRE CNTER CNTR; Centers: CTRS; Circle: CIR CIRC CIRCL CRCL CRCLE; Circles: CIRS;
    Cliff: CLF; Cliffs: CLFS; Club: CLB; Common: CMN; Commons: CMNS; Corner: COR; Corners: CORS; Course: CRSE;
    Court: CT; Courts: CTS; Cove: CV; Coves: CVS; Creek: CRK; Crescent: CRES CRSENT CRSNT; Crest: CRST;
    Crossing: XING CRSSNG; Crossroad: XRD; Crossroads: XRDS; Curve: CURV; Dale: DL; Dam: DM; Divide: DV DIV DVD;
    Drive: DR DRIV DRV; Drives: DRS; Estate: EST; Estates: ESTS; Expressway: EXPY EXP EXPR EXPRESS EXPW;
    Extension: EXT EXTN EXTNSN; Extensions: EXTS; Fall: FALL; Falls: FLS; Ferry: FRY FRRY; Field: FLD; Fields: FLDS;
    Flat: FLT; Flats: FLTS; Ford: FRD; Fords: FRDS; Forest: FRST FORESTS; Forge: FRG FORG; Forges: FRGS; Fork: FRK;
    Forks: FRKS; Fort: FT FRT; Freeway: FWY FREEWY FRWAY FRWY; Garden: GDN GARDN GRDEN GRDN; Gardens: GDNS GRDNS;
    Gateway: GTWY GATEWY GATWAY GTWAY; Glen: GLN; Glens: GLNS; Green: GRN; Greens: GRNS; Grove: GRV GROV; Groves: GRVS;
    Harbor: HBR HARB HARBR HRBOR; Harbors: HBRS; Haven: HVN; Heights: HTS HT; Highway: HWY HIGHWY HIWAY HIWY HWAY;
    Hill: HL; Hills: HLS; Hollow: HOLW HLLW HOLLOWS HOLWS; Inlet: INLT; Island: IS ISLND; Islands: ISS ISLNDS;
    Isle: ISLE ISLES; Junction: JCT JCTION JCTN JUNCTN JUNCTON; Junctions: JCTS JCTNS; Key: KY; Keys: KYS;
    Knoll: KNL KNOL; Knolls: KNLS; Lake: LK; Lakes: LKS; Land: LAND; Landing: LNDG LNDNG; Lane: LN; Light: LGT;
    Lights: LGTS; Loaf: LF; Lock: LCK; Locks: LCKS; Lodge: LDG LDGE LODG; Loop: LOOP LOOPS; Mall: MALL; Manor: MNR;
    Manors: MNRS; Meadow: MDW; Meadows: MDWS MEDOWS; Mews: MEWS; Mill: ML; Mills: MLS; Mission: MSN MISSN MSSN;
    Motorway: MTWY; Mount: MT MNT; Mountain: MTN MNTAIN MNTN MOUNTIN MTIN; Mountains: MTNS MNTNS; Neck: NCK;
    Orchard: ORCH ORCHRD; Oval: OVAL OVL; Overpass: OPAS; Park: PARK PRK; Parks: PARK; Parkway: PKWY PARKWY PKWAY PKY;
    Parkways: PKWYS; Pass: PASS; Passage: PSGE; Path: PATH PATHS; Pike: PIKE PIKES; Pine: PNE; Pines: PNES; Place: PL;
    Plain: PLN; Plains: PLNS; Plaza: PLZ PLZA; Point: PT; Points: PTS; Port: PRT; Ports: PRTS; Prairie: PR PRR;
    Radial: RADL RAD RADIEL; Ramp: RAMP; Ranch: RNCH RANCHES RNCHS; Rapid: RPD; Rapids: RPDS; Rest: RST;
    Ridge: RDG RDGE; Ridges: RDGS; River: RIV RVR RIVR; Road: RD; Roads: RDS; Route: RTE; Row: ROW; Rue: RUE; Run: RUN;
    Shoal: SHL; Shoals: SHLS; Shore: SHR SHOAR; Shores: SHRS SHOARS; Skyway: SKWY; Spring: SPG SPNG SPRNG;
    Springs: SPGS SPNGS SPRNGS; Spur: SPUR; Spurs: SPUR; Square: SQ SQR SQRE SQU; Squares: SQS SQRS;
    Station: STA STATN STN; Stravenue: STRA STRAV STRAVEN STRAVN STRVN STRVNUE; Stream: STRM STREME;
    Street: ST STRT STR; Streets: STS; Summit: SMT SUMIT SUMITT; Terrace: TER TERR; Throughway: TRWY;
    Trace: TRCE TRACES; Track: TRAK TRACKS TRK TRKS; Trafficway: TRFY; Trail: TRL TRAILS TRLS; Trailer: TRLR TRLRS;
    Tunnel: TUNL TUNEL TUNLS TUNNELS TUNNL; Turnpike: TPKE TRNPK TURNPK; Underpass: UPAS; Union: UN; Unions: UNS;
    Valley: VLY VALLY VLLY; Valleys: VLYS; Viaduct: VIA VDCT VIADCT; View: VW; Views: VWS;
    Village: VLG VILL VILLAG VILLG VILLIAGE; Villages: VLGS; Ville: VL; Vista: VIS VIST VST VSTA; Walk: WALK;
    Walks: WALK; Wall: WALL; Way: WAY WY; Ways: WAYS; Well: WL; Wells: WLS
"""
PUBLISHED_SUFFIXES: Mapping[str, str] = table(_SUFFIXES)
SUFFIX_LETTERS: Mapping[str, str] = _standard(_SUFFIXES)

_OTHER_SUFFIXES = """
    Boulevard: BL BVD; Causeway: CAUSWAY; Circle: CI; Court: CRT; Drive: DRWY; Loop: LP; Parkway: PW; Route: RT;
    Terrace: TE; Turnpike: TPK; Trail: TR
"""
"""Suffixes that directories use but Publication 28 does not list."""
SUFFIXES: Mapping[str, str] = {**table(_OTHER_SUFFIXES), **PUBLISHED_SUFFIXES}

DESIGNATORS: Mapping[str, str] = table("""
    APT: APARTMENT APTMT APARTAMENTO APTO; BSMT: BASEMENT SOTANO; BLDG: BUILDING BLG EDIFICIO EDIF; DEPT: DEPARTMENT;
    FL: FLOOR FLR PISO; FRNT: FRONT; HNGR: HANGER HANGAR; KEY: KEY; LBBY: LOBBY; LOT: LOTE; LOWR: LOWER;
    OFC: OFFICE OFICINA OFIC; PH: PENTHOUSE; PIER: PIER; REAR: REAR; RM: ROOM HABITACION; SIDE: SIDE; SLIP: SLIP;
    SPC: SPACE SP; STOP: STOP; STE: SUITE; TRLR: TRAILER; UNIT: UNIDAD; UPPR: UPPER
""")
"""The standard abbreviation of unit designators (C2) by spelling, with Spanish ones."""

NEED_NO_NUMBER = frozenset(("BSMT", "FRNT", "LBBY", "LOWR", "OFC", "PH", "REAR", "SIDE", "UPPR"))
"""Designators that need no number after them."""

_STATES = """
    Alabama: AL; Alaska: AK; Arizona: AZ; Arkansas: AR; California: CA; Colorado: CO; Connecticut: CT; Delaware: DE;
    District of Columbia: DC; Florida: FL; Georgia: GA; Hawaii: HI; Idaho: ID; Illinois: IL; Indiana: IN; Iowa: IA;
    Kansas: KS; Kentucky: KY; Louisiana: LA; Maine: ME; Maryland: MD; Massachusetts: MA; Michigan: MI; Minnesota: MN;
    Mississippi: MS; Missouri: MO; Montana: MT; Nebraska: NE; Nevada: NV; New Hampshire: NH; New Jersey: NJ;
    New Mexico: NM; New York: NY; North Carolina: NC; North Dakota: ND; Ohio: OH; Oklahoma: OK; Oregon: OR;
    Pennsylvania: PA; Rhode Island: RI; South Carolina: SC; South Dakota: SD; Tennessee: TN; Texas: TX; Utah: UT;
    Vermont: VT; Virginia: VA; Washington: WA; West Virginia: WV; Wisconsin: WI; Wyoming: WY; American Samoa: AS;
    Guam: GU; Northern Mariana Islands: MP; Puerto Rico: PR; Virgin Islands: VI; Micronesia: FM; Marshall Islands: MH;
    Palau: PW; Armed Forces Americas: AA; Armed Forces Europe: AE; Armed Forces Pacific: AP
"""
STATE_LETTERS: Mapping[str, str] = _standard(_STATES)
STATES: Mapping[str, str] = {letters: name for name, letters in STATE_LETTERS.items()}
"""Names of states, territories and armed forces by their two letters."""

SPANISH_KINDS: Mapping[str, str] = table("""
    Avenida: AVE AVDA; Calle: CLL CL; Caminito: CMT; Camino: CAM; Carretera: CARR; Cerrada: CER; Círculo: CIR CIRCULO;
    Entrada: ENT; Paseo: PSO; Placita: PLA; Rancho: RCH; Vereda: VER; Vista: VIS; Callejón: CLLJ CALLEJON; Ramal: RML
""")
"""Kinds of streets that come before the name, in Puerto Rico and where streets have Spanish names."""

OTHER_SPANISH_KINDS: Mapping[str, str] = table("""
    Boulevard: BLVD; Barrio: BO; Condominio: COND; Residencial: RES; Sector: SECT; Parcelas: PARC; Camino: CMNO
""")
"""Other words that come before the name in Puerto Rico."""

SPANISH_DIRECTIONS: Mapping[str, str] = table("""
    N: NORTE; S: SUR; E: ESTE; W: OESTE; NE: NORESTE; NW: NOROESTE; SE: SURESTE SUDESTE; SW: SUROESTE SUDOESTE
""")
SPANISH_SAINTS: Mapping[str, str] = table("Santa: STA; Santo: STO")
SPANISH_ORDINALS: Mapping[str, int] = {
    word: number
    for number, word in enumerate(
        ["PRIMERA", "SEGUNDA", "TERCERA", "CUARTA", "QUINTA", "SEXTA", "SEPTIMA", "OCTAVA", "NOVENA", "DECIMA"], 1
    )
}

TITLES: Mapping[str, str] = table("""
    Doctor: DR; Reverend: REV; President: PRES; General: GEN; Captain: CAPT; Colonel: COL; Sergeant: SGT;
    Lieutenant: LT; Governor: GOV; Senator: SEN; Admiral: ADM; Major: MAJ; Monsignor: MSGR; Judge: JUDGE; The: THE
""")
"""Titles that people leave out before a name."""

BEFORE_A_NAME: Mapping[str, str] = {
    **{short: full for short, full in TITLES.items() if short != "THE"},
    **table("Saint: ST; Sainte: STE; Mount: MT; Fort: FT; Point: PT; Lake: LK; County: CO"),
}
"""Full words of abbreviations that are followed by a name: St James Street, Dr Martin Luther King Junior Way."""
SHORTENED: Mapping[str, str] = {full: short for short, full in BEFORE_A_NAME.items() if short != full.upper()}

_ALWAYS = table("""
    Junior: JR; U S: US; Tower: TWR; County: CNTY; Highway: HWY; Parkway: PKWY PKY; Freeway: FWY; Expressway: EXPY;
    Turnpike: TPKE; Road: RD; Avenue: AVE; Circle: CIR; Valley: VLY; Bypass: BYP; Center: CENTRE; A P O: APO;
    F P O: FPO; D P O: DPO; B I A: BIA
""")
_NO_WORD = re.compile("[BCDFGHJKLMNPQRSTVWXZ]{3,}")


def in_a_name(word: str) -> str | None:
    """Return the full word that a word in capitals means even within a name, or None.

    Three or more letters without a vowel must be an abbreviation, so `MTN` in a name is Mountain; `PASS` is the word.
    """
    if full := _ALWAYS.get(word):
        return full
    return PUBLISHED_SUFFIXES.get(word) if _NO_WORD.fullmatch(word) else None
