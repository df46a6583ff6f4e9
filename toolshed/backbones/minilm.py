"""all-MiniLM-L6-v2 on ONNX Runtime: the offline default encoder.

The weights come with our wheel (``hatch_build.py``) and are verified by checksum; ONNX Runtime maps them
from their file. torch is neither needed nor imported.

In 32 bits, texts of a batch are packed into one row behind a block-diagonal mask, so a batch costs the sum of
its tokens and no padding. In 8 bits (:mod:`toolshed.backbones.minilm_int8`) each text is a row of its own:
what rounds differently beside other texts would give a tool another vector with every batch.
"""

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from toolshed.backbones.embedding import TokenVectors, normalise, tokenised
from toolshed.backbones.minilm_int8 import INT8_WEIGHTS
from toolshed.errors import ConfigurationError, missing_extra
from toolshed.vectors import Vectors

Precision = Literal["fp32", "int8"]


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of the model in one precision.

    Attributes:
        graph: Its graph, beside this module.
        weights: Name of its weights, in the folder of the weights.
    """

    graph: Path
    weights: str


FILES: Mapping[Precision, ModelFiles] = {
    "fp32": ModelFiles(Path(__file__).with_name("minilm.onnx"), "model.safetensors"),
    "int8": ModelFiles(Path(__file__).with_name("minilm_int8.onnx"), INT8_WEIGHTS),
}
_NAME = "all-MiniLM-L6-v2"
DIMENSION = 384
_PACKAGE = "toolshed_minilm"
_CHECKSUMS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    INT8_WEIGHTS: "cff7153a9d31143ebe0dddd3ea358dd9745b6dbe1db593ba88a697770054a521",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
# The model was trained on at most this many tokens.
MAX_TOKENS = 256
# The tokenizer is linear in the text, the encoder sees 256 tokens: more characters cannot matter.
_MAX_CHARACTERS = 4_096
# Attention over a packed row costs the square of its length; beyond this it outweighs the saving.
_MAX_PACKED_TOKENS = 256
_FOLDER_OF_WEIGHTS = "session.model_external_initializers_file_folder_path"


class MiniLMEncoder:
    """all-MiniLM-L6-v2, 384 dimensions, mean pooling.

    Args:
        precision: In 8 bits it takes a third of the time; see ``docs/how-it-works.md`` for what it costs.
        n_threads: Rows that are encoded at the same time, where there are several. Each takes one thread:
            ONNX Runtime's own threads wait by turning, so two of them cost twice the CPU time for a third
            less waiting.

    Raises:
        ConfigurationError: If the weights are not installed or are not the published ones.
    """

    dimension = DIMENSION
    is_contextual = True

    def __init__(self, precision: Precision = "int8", *, n_threads: int = 1) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise missing_extra("onnxruntime", "transformer") from error
        self.model_id = model_id(precision)
        self._n_threads = n_threads
        self._max_packed = _MAX_PACKED_TOKENS if precision == "fp32" else 0
        files = FILES[precision]
        weights = _verified(weights_folder() / files.weights)
        self._tokenizer = verified_tokenizer()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # The graph is written in fused operators; there is nothing left to optimise but constants.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.add_session_config_entry(_FOLDER_OF_WEIGHTS, str(weights.parent))
        self._session = onnxruntime.InferenceSession(
            files.graph.read_bytes(), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 ``[len(texts), 384]``, each row of length one."""
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for row, _, hidden in self._encoded(texts):
            vectors[row] = hidden.mean(axis=0)
        return normalise(vectors)

    def encode_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return the token vectors of each text, in order; texts are cut after 256 tokens."""
        found = {row: TokenVectors(hidden, np.array(e.offsets)) for row, e, hidden in self._encoded(texts)}
        return [found[row] for row in range(len(texts))]

    def _encoded(self, texts: Sequence[str]) -> Iterator[tuple[int, Encoding, Vectors]]:
        """Each text's place, tokens and token vectors."""
        encodings = tokenised(self._tokenizer, [text[:_MAX_CHARACTERS] for text in texts], special=True)
        packs = list(_packs(encodings, most=self._max_packed))
        packed = [[encodings[row] for row in rows] for rows in packs]
        for rows, pack, vectors in zip(packs, packed, self._run_all(packed), strict=True):
            yield from zip(rows, pack, vectors, strict=True)

    def _run_all(self, packs: Sequence[Sequence[Encoding]]) -> Iterator[list[Vectors]]:
        n_threads = min(self._n_threads, len(packs))
        if n_threads < 2:
            yield from map(self._run, packs)
            return
        with ThreadPoolExecutor(n_threads, thread_name_prefix="minilm") as threads:
            # A few at a time: token vectors take 150 times the memory of their texts.
            for start in range(0, len(packs), 4 * n_threads):
                yield from threads.map(self._run, packs[start : start + 4 * n_threads])

    def _run(self, encodings: Sequence[Encoding]) -> list[Vectors]:
        lengths = [len(encoding.ids) for encoding in encodings]
        ids = np.concatenate([np.array(e.ids, dtype=np.int32) for e in encodings])
        positions = np.concatenate([np.arange(n, dtype=np.int32) for n in lengths])
        owner: NDArray[np.int64] = np.repeat(np.arange(len(lengths)), lengths)
        mask = (owner[:, None] == owner[None, :]).astype(np.int32)
        (hidden,) = self._session.run(
            ["hidden"],
            {"input_ids": ids[None], "position_ids": positions[None], "attention_mask": mask[None]},
        )
        return np.split(hidden[0], np.cumsum(lengths)[:-1])


def model_id(precision: Precision) -> str:
    """What the model is called, in the manifests of knowledge bases too."""
    return f"{_NAME}:onnx-{precision}"


@lru_cache(maxsize=8)
def shared_minilm(precision: Precision, n_threads: int) -> MiniLMEncoder:
    """The encoder, loaded once for all knowledge bases of the process."""
    return MiniLMEncoder(precision, n_threads=n_threads)


def _packs(encodings: Sequence[Encoding], *, most: int) -> Iterator[list[int]]:
    """Group texts into rows of at most ``most`` tokens, or of one text, in order."""
    pack: list[int] = []
    n_tokens = 0
    for row, encoding in enumerate(encodings):
        if pack and n_tokens + len(encoding.ids) > most:
            yield pack
            pack, n_tokens = [], 0
        pack.append(row)
        n_tokens += len(encoding.ids)
    if pack:
        yield pack


def verified_tokenizer() -> Tokenizer:
    """The model's tokenizer, without padding and truncation.

    Raises:
        ConfigurationError: If it is not installed or is not the published one.
    """
    tokenizer = Tokenizer.from_file(str(_verified(weights_folder() / "tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def weights_folder() -> Path:
    """Where the installed weights are; sentence-transformers can read the folder too.

    Raises:
        ConfigurationError: If they are not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(
            "the weights of the default encoder are not installed; from the Toolshed checkout run: "
            "pip install '.[transformer]', or use the pipeline 'instant', which needs none"
        )
    return Path(spec.submodule_search_locations[0])


def _verified(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        found = "none, it is not there"
    if found != _CHECKSUMS[path.name]:
        raise ConfigurationError(
            f"{path} has sha256 {found}, expected {_CHECKSUMS[path.name]}; "
            "from the Toolshed checkout run: pip install --force-reinstall --no-deps ."
        )
    return path
