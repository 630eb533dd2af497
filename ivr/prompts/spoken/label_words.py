"""Tables of the spellings that First Databank, Medi-Span, RxNorm and NDC use on medicine labels.

Nothing here is spoken: each spelling stands for a form, a route, a release, a unit and so on, for which every language
has words in its `medicines.yaml`. The tables map spelling -> meaning; in their text it is `meaning: spelling, spelling;
…`.
"""

from __future__ import annotations

from collections.abc import Mapping


def _meanings_by_spelling(text: str, *, itself: bool = False) -> dict[str, str]:
    """Return spelling -> meaning from a text `meaning: spelling, other spelling; …`.

    With `itself` every meaning is also a spelling, and may be the only one.
    """
    meanings: dict[str, str] = {}
    for entry in " ".join(text.split()).split(";"):
        meaning, _, spellings = (part.strip() for part in entry.partition(":"))
        meanings.update(dict.fromkeys((spelling.strip() for spelling in spellings.split(",") if spelling), meaning))
        if itself:
            meanings[meaning] = meaning
    return meanings


def _name_set(text: str) -> frozenset[str]:
    """Return the names of a text, which commas separate."""
    return frozenset(name.strip() for name in " ".join(text.split()).split(","))


def words_in(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


FORMS: Mapping[str, str] = _meanings_by_spelling("""
    tablet: tab, tabs, tablet, tablets, tb, tbl, tbls, film coated tab, film coated tablet, tablet film coated, tab
    fc; tablet ~extended: tbcr, tber, tb er, t12a; tablet ~12_hours: tb12; tablet ~24_hours: tb24; tablet ~delayed:
    tbec, tbdr, tb dr; tablet disintegrating: odt, tbdp, rapdis, rapid dissolve, disintegrating, tab rapdis, orally
    disintegrating, rapidly disintegrating, oral disintegrating; tablet chewable: chew tab, chew tabs, tab chew, tabs
    chew, chewable tablet, chewable tablets, tbch; tablet chewable ~extended: cher; tablet sublingual: subl, sl tab,
    tab sl, tab subl, tab sublingual; tablet effervescent: tbef, tab eff, tab efferv, eff tab; capsule: cap, caps,
    capsule, capsules, cp; capsule ~extended: cpcr, cper, c12a; capsule ~12_hours: cp12; capsule ~24_hours: cp24;
    capsule ~delayed: cpdr, cpep, cap dr; capsule sprinkle: cpsp, cap sprink; capsule sprinkle ~delayed: csdr; capsule
    sprinkle ~extended: cser; capsule sprinkle ~24_hours: cs24; capsule inhaled: cp handihaler, caps handihaler, cap
    handihaler, cap w dev, cap inhalation, inhalation cap, inhalation caps, inhalation capsule, inhalation capsules;
    caplet: caplet, caplets, cplt; softgel: softgel, softgels, liqui gels, liqui gel, sgel, soft gel, softgel cap,
    liquigel, liquid gel; suppository: supp, suppos, suppository, suppositories, suppositor; suppository rectal: supp
    rect; insert: insert, inserts, inst, vaginal insert, vaginal inserts; lozenge: lozenge, lozenges, lozg, loz,
    troche, troches, troc; gum: gum, chewing gum; film: film, films; gummy: gummy, gummies, gumm; pack: tbpk, cppk,
    dosepk, dose pack, dose pk, dosepak, tab ds pk, dspk, therapy pack, tab dosepk; solution: soln, solution, sol,
    solr, soln recon, solution reconstituted, solg, sol gel, gel solution, gel forming soln, gel forming solution, gel
    forming sol; suspension: susp, suspension, susr, susp recon, suspension reconstituted, sus; suspension oral: oral
    susp; suspension ~extended: suer; syrup: syrup, syrp, syrup oral; elixir: elix, elixir; liquid: liq, liquid, liqd;
    concentrate: conc, concentrate, oral conc; drops: drops, drop, drp, gtts, gtt; emulsion: emul, emulsion, emulsn;
    drops eye: eye drops, eye drop, drops ophth; drops ear: ear drops, ear drop; ointment eye: eye oint, eye ointment;
    spray nasal: nasal spray, nasal spr, nasal spry, spray nasal; spray: spray, spr, spry, sprays, spray pump;
    inhaler: inhaler, inhalers, inh, inha, aers, aero, aerosol, aepb, aer ad, aer pow ba, aer br act, aerosol inhaler,
    metered dose inhaler, dry powder inhaler, mdi, dpi, aer, aerosol powder, aer powd breath activated, mist inhal,
    breath activated; nebulized: nebu, neb, nebulizer, nebuliser, nebs, vial neb, neb vial, solution neb, inhalant;
    nebulized suspension: neb susp, susp neb, ampul neb; nebulized solution: inh soln, inhalation soln, inhalation
    solution, inhal soln, inh sol; nebulized suspension: inh susp, inhalation suspension, inhalation susp, inhal susp;
    cream: cream, crea, crm, creme; ointment: oint, ointment, ointm, ont; gel: gel, gels, gl; lotion: lotion, lotn,
    lot; foam: foam; shampoo: shampoo, sham, shmp; mouth_rinse: mouthwash, mouth wash, rinse, mouth rinse, oral rinse,
    mwsh; enema: enema, enem; patch: patch, patches, ptch, transdermal system, transdermal patch, pt24, pt72, pt16, td
    patch, patch td24, patch td72, film transdermal; weekly_patch: ptwk, patch tdwk, patch weekly, weekly patch;
    twice_weekly_patch: pttw, patch tdsw, patch twice weekly, twice weekly patch, patch semiweekly; injection: inj,
    inject, injection, injectable, ij soln, injection soln, injectable solution, injectable suspension; vial: vial,
    vials, vl, mdv, sdv; syringe: syr, syringe, syringes, sosy, prsy, pfs, susy, disp syrin, prefilled, syrn,
    prefilled syr, prefilled syringe, pskt; pen: pen, pens, sopn, supn, pen inj, pen injector, pen injctr, pnij, pnkt,
    insuln pen, insulin pen, pen ij, solution pen injector; auto_injector: auto injector, auto injectors,
    autoinjector, autoinjectors, autoinj, auto inject, auto injct, auto injctr, auto inj, soaj, suaj, ajkt; cartridge:
    cartridge, cartridges, ctg, soct, crtg, cart; packet: packet, packets, pack, pkt, pkts, pack oral; powder: powder,
    powd, pow; powder oral: powder pack; granules: granules, gran; strip: test strip, test strips, blood glucose test
    strip, blood glucose test strips, glucose test strip, glucose test strips, strips test, strp; lancet: lancet,
    lancets; needle: pen needle, pen needles, insulin pen needle, insulin pen needles, pen ndl; insulin_syringe:
    insulin syringe, insulin syringes, ins syr, insulin syr, syringe insulin; ring: ring, vaginal ring; kit: kit;
    pads: pads, pad, prep pad, prep pads, swab, swabs, swabstick; oil: oil; paste: paste, pste; wash: wash, cleanser,
    body wash; implant: implant, impl; jelly: jelly; ampule: amp, ampul, ampule, ampules, amps
""")
"""Spelling of a form -> a form, then perhaps a route or modifiers and, after "~", a release or hours that only count
where the label names no others."""

ROUTES: Mapping[str, str] = _meanings_by_spelling("""
    oral: oral, orl, or, po, by mouth; eye: ophth, opth, op, opht, ophthalmic, opthalmic, eye, opt, ophthal; ear:
    otic, ot, ear; nasal: nasal, na, nas, intranasal, nose, nsl; inhaled: inhalation, in, inhal, inhaled, oral
    inhalation; vaginal: vaginal, va, vag; rectal: rectal, re, rect, rec; topical: topical, ex, external, top,
    cutaneous, scalp; skin: transdermal, td, transderm, skin; injected: sc, im, iv, ij, subq, sq, subcut,
    subcutaneous, intramuscular, intravenous; mouth: mt, mouth throat, mucous membrane, dental, oral topical, dt
""")

RELEASES: Mapping[str, str] = _meanings_by_spelling("""
    extended: er, xr, xl, cd, xt, ext, extended, extended release, ext release, ext rel, extend rel, extended rel, ext
    rel; sustained: sr, sa, sustained release, sustained action, sust rel, sustained; controlled: cr, controlled
    release, controlled, control rel; long_acting: la, long acting; delayed: dr, delayed release, delayed rel, del
    rel, delayed; enteric: ec, enteric coated, enteric coat, enteric
""")
BRAND_LETTERS = frozenset({"xl", "xr", "sr", "cr", "la", "cd", "xt", "ds", "odt", "hct"})
"""Letters that are part of a brand when they stand right after it."""

ADDED = frozenset({"hct", "hctz"})
"""Names that may follow another name without a mark between them: LOSARTAN HCT."""

MODIFIERS: Mapping[str, str] = _meanings_by_spelling("""
    chewable: chewable, chewables, chew, chewtab, chw; disintegrating: disintegrates, orally dissolving; sublingual:
    sl, sublingual; effervescent: eff, effervescent, efferv; sprinkle: sprinkle, sprinkles, sprink, sprnk; sugar_free:
    sugar free, sf, s f; buccal: buccal, bu; double_strength: ds, double strength; preservative_free: preservative
    free, pf, p f; extra_strength: extra strength, ex st; maximum_strength: max strength, maximum strength, max st;
    low_dose: low dose; viscous: viscous
""")
AGES: Mapping[str, str] = _meanings_by_spelling(
    "children: childrens, children, child, childs, kids; infants: infants, infant"
)
"""Whom a medicine is for; spoken together with the name."""

DEVICES: Mapping[str, str] = _meanings_by_spelling("""
    Kwikpen: kwikpen, kwik pen; Flexpen: flexpen; Flextouch: flextouch, flextouch pen; Solostar: solostar; Max
    Solostar: max solostar; Diskus: diskus; Respimat: respimat; Ellipta: ellipta; Handihaler: handihaler; HFA: hfa;
    Mix: mix; Respiclick: respiclick; Digihaler: digihaler; Redihaler: redihaler; Flexhaler: flexhaler; Twisthaler:
    twisthaler; Pressair: pressair; Inhub: inhub; Sureclick: sureclick; Junior Kwikpen: junior kwikpen, jr kwikpen;
    Tempo: tempo; Innolet: innolet; Pushtronex: pushtronex; Aerosphere: aerosphere; Turbuhaler: turbuhaler; Penfill:
    penfill; Sensoready: sensoready; Flexpro: flexpro; Aerolizer: aerolizer; Neohaler: neohaler; Genuair: genuair
""")
"""Devices, which are part of a brand wherever they stand on the label."""
INHALERS = frozenset({"Diskus", "Respimat", "Ellipta", "HFA", "Respiclick", "Digihaler", "Inhub", "Flexhaler"})
"""Devices that, with a generic name, only say that it is an inhaler."""

CODEINE_STRENGTHS = frozenset({"2", "3", "4"})
"""Strengths of codeine, which are numbers without a unit."""
MIXES = frozenset({("70", "30"), ("75", "25"), ("50", "50")})
"""Proportions of the insulins in a mixture, which are spoken as part of the name."""
PENS = frozenset(
    {
        "Kwikpen",
        "Flexpen",
        "Flextouch",
        "Solostar",
        "Max Solostar",
        "Junior Kwikpen",
        "Sureclick",
        "Sensoready",
        "Flexpro",
    }
)
OF_TABLETS = frozenset({"chewable", "disintegrating", "effervescent"})
"""Modifiers that only tablets have, so that the label need not name the form."""

UNITS: Mapping[str, str] = _meanings_by_spelling("""
    mg_iron: mg fe, mg iron, mg of iron, mg elemental iron, mg elemental fe, mg elem fe, mg elem iron; mg: mg, mgs,
    milligram, milligrams; mcg: mcg, mcgs, ug, µg, μg, microgram, micrograms; g: g, gm, gms, gram, grams, grm; meq:
    meq, meqs; mmol: mmol; unit: unit, units, unt, u, ut, usp unit, usp units; iu: iu, international unit,
    international units, intl unit, intl units; ml: ml, mls, milliliter, milliliters, cc; l: l, liter, liters; hour:
    hr, h, hrs, hour, hours; day: day, days; percent: %, percent, pct; mm: mm; gauge: gauge, ga; spray: spray, sprays,
    spr; inhalation: inh, inhalation, inhalations, puff, puffs, inhal; actuation: act, actuat, actuation, actuations;
    dose: dose, doses, dos; scoop: scoop, scoops; pack: ct, cnt, count, ea, each, pk, pak, pack, packs
""")
PER = frozenset({"ml", "l", "hour", "day", "spray", "inhalation", "actuation", "dose", "g", "scoop"})
"""Units that a strength may be per: so much per milliliter."""
METERED = frozenset({"spray", "inhalation", "actuation"})
"""Units that devices with a metered dose give."""
SIZES = frozenset({"ml", "l", "spray", "inhalation", "actuation", "dose", "pack"})
"""Units that, without "per", say how much is in the package, which is spoken last."""

SALTS: Mapping[str, str] = _meanings_by_spelling(
    """
    hydrochloride: hcl, hydrochlorid, hydrochlor; calcium: ca, calc; sodium: sod, na; potassium: pot, potass;
    magnesium: mag; besylate: bes, besy, besyl, besilate; maleate: mal; fumarate: fum, fumar; tartrate: tart, tartrat;
    succinate: succ, succin, suc, succnt, succint; sulfate: sulf, sul, sulfat, so4, sulphate; mesylate: mes, mesyl;
    acetate: acet, ace, ac, acetat; citrate: cit, citr; hydrobromide: hbr; phosphate: phos, ph, phosph; bitartrate:
    bitart, bit; monohydrate: monohyd, mono; medoxomil: medox; cilexetil; axetil; proxetil; pivoxil; propionate: prop,
    prp, propion; furoate: fur; acetonide: aceton; polacrilex; etexilate: mesylate etexilate; dihydrate; trihydrate:
    tr; anhydrous: anhyd; nitrate: nit; hydrate; hemihydrate; besilate; oxalate: oxal; tosylate; edisylate;
    dimesylate: dimes; malate; lactate; gluconate: glucon, gluc; chloride: cl, chlor, chlorid; carbonate: carb,
    carbon; bicarbonate: bicarb; oxide: ox; hyclate: hyc, hycl; pamoate: pam; embonate; valerate: val, valer;
    dipropionate: dip, diprop, dipro, dp; butyrate: but, butyr; xinafoate; cypionate: cyp, cypion; enanthate: enanth;
    decanoate: dec; stearate; ethylsuccinate: es; mononitrate: mononit, mn; dinitrate: dinit, dn; trometamol;
    tromethamine: tromet, trometh; hippurate: hipp; arginine; lysine; saccharate; aspartate; bromide: brom, br;
    fluoride: fl; iodide; hydroxide: hydrox; benzoate; estolate; diphosphate; disodium; dipotassium; sesquihydrate;
    pentahydrate; disoproxil: disop, disoprox; alafenamide: alafen; mofetil; palmitate; subsalicylate; salicylate;
    macrocrystals: macrocrystal, mcr, macro; undecanoate; caproate; meglumine; orotate; picolinate; caprylate;
    trifenatate; hemifumarate; dihydrochloride: dihcl; digluconate; ethanolate; isethionate; ditosylate; polistirex;
    propanediol: pro; bisulfate: bisulf; erbumine: erbum; mandelate; strontium; diacetate; hemisulfate; glycinate;
    ascorbate; lysinate; theophyllinate; tannate; probutate; pivalate; hexacetonide; epolamine; sorbate; nicotinate;
    levulinate; phosphonate; pidolate; camsylate; napsylate; esylate; olamine
""",
    itself=True,
)
"""Spelling of a salt or ester -> its full name. A salt that no name of the language includes is left out after a
name."""
DISTINGUISHING = words_in("""
    pamoate hyclate valerate dipropionate butyrate cypionate enanthate decanoate mononitrate dinitrate macrocrystals
    undecanoate caproate ethylsuccinate stearate alafenamide mofetil palmitate subsalicylate salicylate hydroxide
    oxide carbonate bicarbonate iodide fluoride gluconate picolinate benzoate
""")
"""Salts that distinguish medicines: none of them is left out after a name that the language has with another of
them."""
MINERALS = words_in("calcium magnesium potassium sodium zinc iron aluminum selenium")
"""Names of which every salt is another medicine, so that no salt is left out."""

IGNORED = words_in("""
    usp rx otc metered recon reconstituted reconstitution pump generic ud for human appl applicator rdna recombinant
    pellets coated particles crys crystals cf micronized beads osm mod osmotic triphasic biphasic monophasic
    microsphere microspheres aaty adaz adbm afzb aqvh atto bwwd fkjp ryvk aacf adba yfgn aglr szjj cbqv jmdb bmez pbbk
    fpgk awwb dyyb abda axxq sndz bbdz
""")
"""Words that tell a caller nothing, among them the four-letter suffixes of biosimilars."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "forms": FORMS,
    "routes": ROUTES,
    "releases": RELEASES,
    "modifiers": MODIFIERS,
    "ages": AGES,
    "devices": DEVICES,
    "ignored": dict.fromkeys(
        (
            *IGNORED,
            "metered dose",
            "for reconstitution",
            "unit dose",
            "coated beads",
            "osmotic release",
            "smoking det",
            "smoking deterrent",
            "f/c",
            "film coated",
            "fc",
        ),
        "",
    ),
}
"""What the words describe -> spelling -> meaning: all words of labels except names, units and salts."""

USUAL_ROUTES: Mapping[str, str] = _meanings_by_spelling("""
    eye: latanoprost, timolol, brimonidine, dorzolamide, brinzolamide, bimatoprost, travoprost, tafluprost,
    netarsudil, betaxolol, levobunolol, carteolol, loteprednol, difluprednate, fluorometholone, nepafenac, bromfenac,
    moxifloxacin, gatifloxacin, besifloxacin, polymyxin b, ketotifen, epinastine, alcaftadine, bepotastine,
    lifitegrast, prednisolone acetate, pilocarpine, cyclopentolate, tropicamide, apraclonidine, tetrahydrozoline,
    naphazoline, natamycin, trifluridine, latanoprostene bunod, echothiophate, perfluorohexyloctane, xalatan, lumigan,
    travatan z, alphagan p, cosopt, combigan, restasis, xiidra, pataday, patanol, zaditor, trusopt, azopt, lotemax,
    durezol, vigamox, betimol, simbrinza, vyzulta, zioptan, artificial tears, polyvinyl alcohol,
    carboxymethylcellulose; nasal: fluticasone, mometasone, triamcinolone, flonase, nasonex, nasacort, rhinocort,
    flunisolide, ciclesonide, oxymetazoline, afrin, astelin, narcan, calcitonin, calcitonin salmon, salmon calcitonin,
    butorphanol, omnaris, qnasl, dymista; injected: testosterone cypionate, testosterone enanthate, enoxaparin,
    heparin, cyanocobalamin, hydroxocobalamin, medroxyprogesterone, semaglutide, dulaglutide, liraglutide,
    tirzepatide, exenatide, insulin glargine, insulin lispro, insulin aspart, insulin detemir, insulin degludec,
    insulin glulisine, insulin nph, insulin regular, adalimumab, etanercept, sumatriptan, fulvestrant, leuprolide,
    estradiol valerate, estradiol cypionate, ceftriaxone, haloperidol decanoate, fluphenazine decanoate, aripiprazole
    lauroxil, epoetin alfa, darbepoetin alfa, filgrastim, pegfilgrastim, denosumab, teriparatide, abaloparatide,
    fondaparinux, dalteparin, glatiramer, interferon beta 1a, evolocumab, alirocumab, hydroxyprogesterone,
    methylnaltrexone, octreotide, lanreotide, dupilumab, secukinumab, ustekinumab, golimumab, certolizumab, erenumab,
    fremanezumab, galcanezumab, epinephrine, glucagon, methylprednisolone acetate, penicillin g benzathine, penicillin
    g, naloxone, humalog, novolog, lantus, levemir, tresiba, toujeo, basaglar, semglee, novolin, humulin, apidra,
    admelog, fiasp, lyumjev, ozempic, wegovy, trulicity, victoza, mounjaro, zepbound, byetta, bydureon, saxenda,
    humira, enbrel, lovenox, depo, kenalog, repatha, praluent, aimovig, ajovy, emgality, prolia, forteo, copaxone,
    dupixent, cosentyx, stelara, taltz, skyrizi, tremfya, procrit, epogen, aranesp, retacrit; inhaled: ipratropium,
    albuterol, levalbuterol, arformoterol, formoterol, budesonide, cromolyn, revefenacin, pulmicort, xopenex; mouth:
    chlorhexidine; topical: clindamycin, minoxidil, ketoconazole, ciclopirox, fluocinonide, fluocinolone, clobetasol,
    betamethasone dipropionate, betamethasone valerate, tretinoin, erythromycin, efinaconazole, tavaborole, selenium
    sulfide, podofilox, salicylic acid, coal tar, hydrocortisone, desonide, calcipotriene, terbinafine
""")
"""Medicine -> the route it is usually used by, for labels that only say solution, suspension, drops or spray."""

NASAL_SPRAYS = _name_set("""
    fluticasone, mometasone, triamcinolone, azelastine, ipratropium, budesonide, olopatadine, sumatriptan,
    zolmitriptan, desmopressin, cromolyn, naloxone, beclomethasone, flunisolide, ciclesonide, oxymetazoline,
    calcitonin, calcitonin salmon, butorphanol, sodium chloride, nicotine, phenylephrine, flonase, nasonex, nasacort,
    rhinocort, afrin, astelin, narcan, omnaris, dymista, imitrex, zomig, tosymra, atrovent
""")
"""Medicines whose sprays are for the nose."""

BY_MOUTH = _name_set("""
    levetiracetam, lacosamide, sertraline, risperidone, aripiprazole, oxycodone, methadone, digoxin, furosemide,
    prednisone, prednisolone, cetirizine, levocetirizine, loratadine, sirolimus, cyclosporine, zidovudine, lamivudine,
    abacavir, nevirapine, pregabalin, gabapentin, escitalopram, citalopram, fluoxetine, lithium citrate, memantine,
    rivastigmine, galantamine, baclofen, enalapril, lactulose, levofloxacin, linezolid, ferrous sulfate, sodium
    fluoride, cholecalciferol, vitamin d3, megestrol, carbamazepine, oxcarbazepine, topiramate, ethosuximide,
    phenobarbital, propranolol, hydroxyurea, brivaracetam, perampanel, rufinamide, clobazam, vigabatrin, cannabidiol,
    guaifenesin, simethicone, acetaminophen, ibuprofen, multivitamin, levocarnitine, nystatin
""")
"""Medicines whose solutions, with a strength per milliliter, are taken by mouth at a pharmacy that mails them."""
