"""Defined terms."""

import pytest

from toolshed.documents import LegalDocument
from toolshed.legal.defined_terms import find_definitions, with_definitions
from toolshed.legal.passages import build_passages


@pytest.mark.parametrize(
    ("sentence", "terms"),
    [
        ('This Services Agreement (this "Agreement") is made today.', ["Agreement"]),
        ("Acme Inc., a Delaware corporation (“Supplier” or the “Company”), agrees.", ["Supplier", "Company"]),
        ('"Losses" means all losses and costs.', ["Losses"]),
        ('The term "personal data" shall mean any information about a person.', ["personal data"]),
        ('"Affiliate" has the meaning given in Section 1.', ["Affiliate"]),
        ("The lender, hereinafter referred to as “Lender,” consents.", ["Lender"]),
        ('the parties (collectively, the "Parties") agree', ["Parties"]),
        ('He said "no" and left (quoting "The Raven").', []),
        ("‘berth licence’ means a right to moor;", ["berth licence"]),
        ("Im Sinne dieser Satzung ist „Liegeplatz“ jeder Platz im Hafen.", ["Liegeplatz"]),
        ("„Nutzer“ bezeichnet jede Person, die anlegt.", ["Nutzer"]),
        ("„personenbezogene Daten“ alle Angaben über eine Person;", ["personenbezogene Daten"]),
        ("La société Port (ci-après « le Bailleur ») loue le quai.", ["le Bailleur"]),
        ("« Usager » désigne toute personne.", ["Usager"]),
        ("El puerto (en adelante, «el Arrendador») cede el muelle.", ["el Arrendador"]),
        ("«dato di bordo»: qualsiasi informazione;", ["dato di bordo"]),
        ("“Completion”\tcompletion of the sale under clause 4.", ["Completion"]),
        ("1° « Bateau » : toute construction flottante ;", ["Bateau"]),
        ("Business Day means a day on which banks are open.", ["Business Day"]),
        ("This means that the tenant's and landlord's rights end.", []),
        ("Er sagte „Das ist falsch“ und ging.", []),
        ("In dieser Satzung bezeichnet „Steg“ jeden Anleger.", ["Steg"]),
        ("On entend par « quai » tout ouvrage.", ["quai"]),
        ('"Business Day": a day other than a Saturday.', ["Business Day"]),
        ("Insured Risks: the risks of fire and flood.", ["Insured Risks"]),
        ("‘net’, ‘batch’ and ‘lot’ mean goods of one order;", ["net", "batch", "lot"]),
        ("Acme Ltd, whose office is at 1 Quay St (Landlord).", ["Landlord"]),
        ("Note: the harbour is closed on Sundays.", []),
        ("Tarn Bakeries Ltd (the Company) is sold (see the Accounts).", ["Company"]),
        ('**"Services"** means the work in Schedule 1.', ["Services"]),
        ("Nothing is defined here.", []),
    ],
)
def test_terms_are_found(sentence: str, terms: list[str]) -> None:
    found = find_definitions(sentence, [(0, len(sentence))])
    assert [definition.term for definition in found] == terms
    assert all((definition.start, definition.end) == (0, len(sentence)) for definition in found)


def test_passages_say_what_they_define() -> None:
    document = LegalDocument("d", '1.1 "Fees" means the fees in Exhibit A. 1.2 Fees are due.')
    (passage,) = with_definitions(build_passages(document))
    assert passage.defines == ("Fees",)
