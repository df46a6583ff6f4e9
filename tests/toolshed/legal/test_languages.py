"""The language of a text."""

import pytest

from toolshed.legal.languages import language_of


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The tenant shall pay the rent in advance, and the landlord shall issue a receipt for it."),
        (
            "fr",
            "Le locataire paie le loyer d'avance et le bailleur lui en donne quittance dans les huit jours.",
        ),
        (
            "es",
            "El arrendatario pagará la renta por adelantado y el arrendador le dará un recibo de la misma.",
        ),
        (
            "it",
            "Il conduttore paga il canone in anticipo e il locatore rilascia una ricevuta di legge.",
        ),
        ("pt", "O locatário paga a renda com antecedência e o senhorio passa um recibo no prazo da lei."),
        ("de", "Der Mieter zahlt die Miete im Voraus, und der Vermieter stellt eine Quittung aus."),
        ("unknown", "Najemca płaci czynsz z góry, a wynajmujący wystawia pokwitowanie w terminie. " * 9),
        (
            "unknown",
            "De huurder betaalt de huur vooraf en de verhuurder geeft hem daarvan een kwitantie. " * 9,
        ),
        ("unknown", "Арендатор уплачивает арендную плату вперёд."),
        ("unknown", "賃借人は賃料を前払いする。"),
        ("en", "PART 1 FEES"),
        ("en", ""),
    ],
)
def test_the_language_is_told_by_its_commonest_words(language: str, text: str) -> None:
    assert language_of(text) == language


def test_a_long_text_is_told_by_samples_from_all_over() -> None:
    caption = "ACME CORP. v. TERN LTD. " * 400
    german = "Der Beklagte hat die Kosten des Verfahrens zu tragen, und zwar ganz. " * 2_000
    assert language_of(caption + german) == "de"
