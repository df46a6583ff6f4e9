"""The model that tells languages, as it is kept in the user's cache folder."""

from pathlib import Path
from typing import Any

import platformdirs
import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from toolshed.backbones.language_identifier import language_identifier

_TEXTS = [
    "email Ana the weather in Lisbon tomorrow",
    "Wie wird das Wetter morgen?",
    "明天北京的天气",
    "q 7",
    "",
]


@pytest.fixture(scope="module")
def original() -> Any:
    """The same as py3langid reads it."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder, which is not there yet."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(folder / name))
    return folder


def test_what_is_kept_tells_languages_exactly_as_the_model_does(cache: Path, original: Any) -> None:
    unpacked = language_identifier()
    (kept,) = (cache / "toolshed" / "languages").iterdir()
    written = kept.stat().st_mtime_ns
    mapped = language_identifier()
    assert kept.stat().st_mtime_ns == written
    original.set_languages(unpacked.nb_classes)
    expected = [original.rank(text) for text in _TEXTS]
    assert [unpacked.rank(text) for text in _TEXTS] == expected
    assert [mapped.rank(text) for text in _TEXTS] == expected


def test_a_cache_folder_that_cannot_be_written_only_costs_time(cache: Path) -> None:
    cache.write_text("a file where the folder would be")
    assert language_identifier().classify(_TEXTS[1])[0] == "de"
