"""``python -m toolshed_evals.fitting.activations``: writes ``toolshed/backbones/minilm_activations.npz``.

Runs the encoder in 32 bits over calibration texts (tools and development requests of Seal-Tools, sentences in
four languages, and odd texts) and keeps the largest absolute value that each channel had where it goes into a
product.
"""

import random
from collections.abc import Iterator, Mapping

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from toolshed.backbones.minilm import FILES, MAX_TOKENS, verified_tokenizer, weights_folder
from toolshed.backbones.minilm_int8 import ACTIVATIONS, N_LAYERS, layer
from toolshed.pre_retrieval.documents import build_tool_document
from toolshed_evals.datasets import data_folder, load_dataset
from toolshed_evals.legal.gold import load_gold

_N_TEXTS = 400
_N_SENTENCES = 25
# What fills channels that sentences leave nearly empty.
_ODD = (
    "a",
    "OK",
    "?",
    "...",
    "!!!! ???",
    "x" * 300,
    "word " * 300,
    "the the the the the the",
    "1234567890 42 3.14159 -7e10",
    "SELECT name, count(*) FROM users WHERE id = 7 GROUP BY name;",
    'for (int i = 0; i < n; i++) { sum += a[i]; } // {"key": [1, null, true]}',
    "GET /v1/pets?limit=10 HTTP/1.1",
    "Traceback (most recent call last): KeyError: 'id'",
    "https://example.org/a/b?c=d#e ana@example.org",
    "LOREM IPSUM DOLOR SIT AMET",
    "Wie wird das Wetter morgen in Berlin? Bitte schick mir eine Übersicht.",
    "Какая погода будет завтра в Москве?",
    "東京の明日の天気を教えてください",
    "今天北京的天气怎么样？",
    "서울의 내일 날씨를 알려 주세요",
    "ما هو الطقس غدا في القاهرة؟",
    "🧾 🎉 😀 → ∑ € ½ “quoted” ‘so’ — dash",
)
Largest = Mapping[str, NDArray[np.float32]]


def inputs() -> dict[str, str]:
    """What goes into each product, by the product's name, as the graph calls both."""
    found = {}
    for index in range(N_LAYERS):
        prefix = layer(index)
        below = f"{layer(index - 1)}.output.normalised" if index else "embedded"
        found[f"{prefix}.qkv"] = below
        found[f"{prefix}.projected"] = f"{prefix}.attended"
        found[f"{prefix}.inner"] = f"{prefix}.attention.output.normalised"
        found[f"{prefix}.outer"] = f"{prefix}.activated"
    return found


def largest_activations(texts: list[str]) -> Largest:
    """Largest absolute value of each channel, float32 ``[n_channels]``, by the product it goes into."""
    model = onnx.load_model_from_string(FILES["fp32"].graph.read_bytes())
    wanted = inputs()
    for name in wanted.values():
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(weights_folder())
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    tokenizer = verified_tokenizer()
    tokenizer.enable_truncation(MAX_TOKENS)
    largest: dict[str, NDArray[np.float32]] = {}
    for encoding in tokenizer.encode_batch(texts):
        n_tokens = len(encoding.ids)
        given = {
            "input_ids": np.array([encoding.ids], np.int32),
            "position_ids": np.arange(n_tokens, dtype=np.int32)[None],
            "attention_mask": np.ones((1, n_tokens, n_tokens), np.int32),
        }
        for name, values in zip(wanted, session.run(list(wanted.values()), given), strict=True):
            most = np.abs(values[0]).max(axis=0)
            largest[name] = np.maximum(largest.get(name, 0), most)
    return largest


def calibration_texts() -> Iterator[str]:
    """Requests and tools, as they are encoded."""
    dataset = load_dataset("sealtools-dev")
    texts = [
        *dataset.queries.values(),
        *(build_tool_document(tool).described for tool in dataset.catalog.tools),
    ]
    random.Random(8).shuffle(texts)  # noqa: S311  # a sample, nothing secret
    yield from texts[:_N_TEXTS]
    for language in ("es", "fr", "it", "pt"):
        (document, *_) = load_gold(data_folder() / "legal_languages" / f"{language}_constitution.jsonl")
        yield from (document.text[start:end] for start, end in document.spans[:_N_SENTENCES])
    yield from _ODD


if __name__ == "__main__":
    np.savez_compressed(ACTIVATIONS, allow_pickle=False, **largest_activations(list(calibration_texts())))
