"""What the abbreviations and openings of legal English say about a sentence boundary.

Written by hand from general knowledge of citation forms (Bluebook T1, T6, T10, T13); nupunkt's
list of 5,865 abbreviations stands behind it for whatever is not named here.
"""

from collections.abc import Mapping


def _kinds(table: Mapping[str, str]) -> dict[str, str]:
    return {word: kind for kind, text in table.items() for word in text.split()}


# Abbreviations by their use, lower-cased, without the last stop.
ABBREVIATION_KINDS: Mapping[str, str] = _kinds(
    {
        # Always before a name.
        "title": """
            mr mrs ms dr messrs mmes mme mlle hon prof rev gen col lt sgt capt maj cpl pvt cmdr adm gov
            sen rep pres atty sec'y supt fr mt ft st ste lt.col lt.gov atty.gen maj.gen brig.gen det
            insp off pfc ofc
        """,
        # Before what it counts or names: a number, a case, an exhibit.
        "before": """
            no nos v vs art arts sec secs ch chs cl pt pts para paras pp p n nn fn vol vols ex exs exh
            exhs exc doc docs dkt ecf fig figs cf e.g i.e viz see cert in.re accord subd subds subdiv
            subsec subpar tit r rr aff'd rev'd approx ca circa q.v cit cmt cmts stats pub priv civ.no
            incl excl esp
            crim.no cr.no case.no cause.no op opp mot mem memo compl def defs pl pls pltf pet'r pet'rs
            resp't resp'ts app'x decl aff dep tr hr'g resp
        """,
        "month": "jan feb mar apr jun jul aug sep sept oct nov dec",
        "day": "mon tue tues wed thu thur thurs fri sat sun",
        # Reporters: a number or another abbreviation follows.
        "reporter": """
            f f.2d f.3d f.4th u.s s.ct l.ed l.ed.2d f.supp f.supp.2d f.supp.3d supp ct cl.ct fed.cl
            fed.appx fed.app'x app'x appx a a.2d a.3d p.2d p.3d n.e n.e.2d n.e.3d n.w n.w.2d s.e s.e.2d
            s.w s.w.2d s.w.3d so so.2d so.3d cal.rptr rptr cal.app app.div n.y.s n.y.s.2d cal.2d cal.3d
            cal.4th ill.dec vet.app vet m.j wall how cranch wheat pet dall black otto u.s.p.q u.s.p.q.2d
            b.r t.c t.c.m wl lexis fed.r.d f.r.d ed rptr.2d a.d a.d.2d misc misc.2d am.jur am.jur.2d
            c.j.s a.l.r a.l.r.2d a.l.r.3d a.l.r.4th a.l.r.5th a.l.r.fed restat u.s.l.w n.y.2d n.y.3d
            ohio.st wash.2d
        """,
        # Statutes, rules and what is printed about them.
        "statute": """
            u.s.c u.s.c.a u.s.c.s c.f.r fed.reg stat stats pub.l p.l pub rev.stat gen.stat code.ann
            comp.stat ann.stat fed.r.civ.p fed.r.crim.p fed.r.evid fed.r.app.p fed.r.bankr.p r.civ.p
            r.crim.p r.evid r.app.p i.r.c i.r.m u.c.c treas.reg exec.order h.r h.r.rep s.rep
            h.r.conf.rep h.j.res s.j.res cong.rec cong sess u.s.c.c.a.n stat.ann ann rev gen gen.laws
            penal bus ins civ crim proc evid admin prof lab veh rul reg regs cong'l leg legis comm com
            comp const amend amends
        """,
        # Courts, jurisdictions and law reviews inside a citation.
        "court": """
            cir d s.d n.d e.d w.d m.d c.d d.c.cir fed.cir s.d.n.y e.d.n.y w.d.n.y n.d.n.y n.d.cal
            s.d.cal c.d.cal e.d.cal n.d.ill s.d.ill c.d.ill e.d.pa w.d.pa m.d.pa e.d.va w.d.va e.d.mich
            w.d.mich s.d.tex n.d.tex e.d.tex w.d.tex s.d.fla m.d.fla n.d.fla d.mass d.n.j d.del d.md
            d.colo d.minn d.or d.conn d.ariz d.kan d.neb d.nev d.d.c cal ala ark ariz colo conn del fla
            ga haw ill ind kan ky la me md mass mich minn miss mo mont neb nev n.h n.j n.m n.y n.c ohio
            okla or ore pa r.i s.c tenn tex ut vt va wash w.va wis wyo bankr dist super sup app div ch
            cty cnty mun fam juv prob j jj c.j p.j a.j a.p.j l.rev l.j l.q u.l.rev harv yale stan colum
            geo chi nw tul
        """,
        # Ends a name; what follows decides.
        "company": """
            inc corp co ltd llc l.l.c llp l.l.p l.p lp p.c p.a plc n.a bros cos assn ass'n assocs assoc
            s.a ag gmbh b.v n.v pty pte mfg prods indus ins sys techs tech intl int'l nat'l fed ind cas
            sav tr hosp univ dept dep't bd comm'n comm'r gov't auth soc inst elec pharms labs ry r.r
            transp grp hldgs props servs serv ctr ctrs mgmt mkts mkt publ'g ref ent ents enters enter
            fin entm't cty sch educ dev mut acc distrib container bldg constr mach sur
        """,
        "suffix": """
            jr sr esq ph.d m.d j.d d.d.s r.n c.p.a ll.m ll.b b.a m.a b.s m.s ii iii d.o p.e d.v.m
        """,
        # Often at the end of a sentence.
        "open": """
            etc a.m p.m u.s.a d.c u.k u.n e.u et.al al seq et.seq supra infra ibid id b.c a.d u.s.s.r
            n.b p.s o.k
        """,
        "unit": """
            in ft yd mi lb lbs oz kg mg ml cm mm km sq cu hr hrs min mins sec yr yrs wk wks mo mos mph
            deg est avg
        """,
        "street": "st ave blvd rd dr ln hwy pkwy pl sq ct ter apt ste bldg rm p.o n s e w",
        "signal": "id ibid",
    }
)

# Words that open sentences when capitalised and are no names.
OPENERS: frozenset[str] = frozenset(
    """the a an this that these those it its he she they we i you his her their our my your there here
    in on at by for from to of with without under upon over after before during since until while when
    where whether as if although though because unless once even so such both each every all any some
    many most several few none no not nor neither either one two three another other others first second
    third finally lastly next then thus therefore hence accordingly consequently moreover furthermore
    further additionally also however nevertheless nonetheless instead rather indeed similarly likewise
    conversely still yet but and or because given assuming absent according based pursuant notwithstanding
    regarding concerning considering following having being what which who whose whom why how do does did
    is are was were can could may might must shall should will would has have had let suppose section
    subsection paragraph plaintiff plaintiffs defendant defendants petitioner petitioners respondent
    respondents appellant appellants appellee appellees claimant claimants movant movants court congress
    government commonwealth state states counsel judge justice magistrate chief jury witness officer agent
    agents officers see id ibid accord compare contra cf see, but, we, e.g i.e here, thus, again again,
    finally, first, second, third, today tomorrow yesterday nothing something everything someone everyone
    nobody anyone whatever whichever whoever whenever wherever between among within against about above
    below through throughout across along around behind beside besides beyond despite except like near off
    onto out outside toward towards up more less much only just merely simply clearly plainly surely
    certainly perhaps maybe apparently evidently obviously presumably arguably generally specifically
    particularly especially notably importantly significantly ultimately eventually subsequently
    previously recently currently presently meanwhile afterwards thereafter thereupon whereupon
    respectively contrary consistent contract agreement parties party neither plaintiff's defendant's
    defendants' plaintiffs' petitioner's respondent's court's government's reversed affirmed vacated
    remanded dismissed denied granted ordered""".split()
)

# Signals and short forms that open a citation sentence.
CITATION_OPENERS: frozenset[str] = frozenset(
    "see id ibid cf accord compare contra but e.g citing quoting supra infra ante post op n.b viz".split()
)
