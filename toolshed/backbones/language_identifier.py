"""What tells languages: the model of py3langid, unpacked once for each user.

Its file is packed so tightly that unpacking takes half a second of every process. What was unpacked is kept
in the user's cache folder, where processes map it and share its memory.
"""

from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from xxhash import xxh3_64_hexdigest

from toolshed.kept_arrays import Arrays, KeptArrays

# Most languages of more than fifty million speakers, and of Europe: fewer take less memory.
_LANGUAGES = (
    "ar bg bn cs da de el en es fa fi fr he hi hr hu id it ja ko lt nl no pl pt ro ru sk sv ta th tr uk ur "
    "vi zh"
).split()
_PART = "model"


# Any: py3langid has no types.
def language_identifier() -> Any:
    """Tells languages by their probabilities."""
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

    model = _unpacked(MODEL_DIR / MODEL_FILE)
    return LanguageIdentifier(
        model["weights"].T,
        model["priors"],
        model["languages"].tolist(),
        # One number after the other is what arrays of numpy are slow at.
        model["moves"].data,
        model["features"].tolist(),
        norm_probs=True,
        tk_row=model["rows"].tolist(),
    )


def _unpacked(file: Path) -> Arrays:
    """The model of our languages. What was kept of another one is as if it had never been."""
    version = xxh3_64_hexdigest(file.read_bytes() + " ".join(_LANGUAGES).encode())
    kept = KeptArrays(Path(platformdirs.user_cache_dir("toolshed")) / "languages", version)
    model = kept.read(_PART)
    if model is None:
        model = _read(file)
        kept.write(_PART, model)
    return model


def _read(file: Path) -> Arrays:
    from py3langid.langid import LanguageIdentifier

    read = LanguageIdentifier.from_modelpath(file)
    read.set_languages(_LANGUAGES)
    return {
        # The identifier holds them language by language; another order in memory may round differently.
        "weights": np.ascontiguousarray(read.nb_ptc.T),
        "priors": read.nb_pc,
        "languages": np.array(read.nb_classes),
        "moves": np.asarray(read.tk_nextmove),
        "rows": np.asarray(read.tk_row),
        "features": np.array(read.tk_output, np.int32),
    }
