"""One peer in an environment of its own: reads orders as JSON lines, answers in JSON lines.

It knows nothing of Toolshed, which is not installed beside it. Where a peer needs vectors it asks for them:
every peer gets those of the same encoder, computed by who gives the orders.
"""

import asyncio
import base64
import importlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

# Any: the peers' own objects; their types are not there where this is checked.
Search = Callable[[str, int], Sequence[str]]
Encode = Callable[[Sequence[str]], list[list[float]]]
Tool = Mapping[str, Any]
_DIMENSION = 384
_TOKEN = re.compile(r"[a-z0-9]+")


def _text(tool: Tool) -> str:
    return f"{tool['name']}: {tool['description']}"


def bm25s(tools: Sequence[Tool], _encode: Encode) -> Search:
    """bm25s with its defaults over name and description, English stop words left out."""
    library = importlib.import_module("bm25s")
    index = library.BM25()
    index.index(library.tokenize([_text(one) for one in tools], show_progress=False), show_progress=False)

    def search(query: str, k: int) -> list[str]:
        words = library.tokenize(query, show_progress=False)
        found, _ = index.retrieve(words, k=k, show_progress=False)
        return [tools[row]["id"] for row in found[0].tolist()]

    return search


def rank_bm25(tools: Sequence[Tool], _encode: Encode) -> Search:
    """BM25Okapi with its defaults."""
    library = importlib.import_module("rank_bm25")
    index = library.BM25Okapi([_TOKEN.findall(_text(one).lower()) for one in tools])
    ids = [one["id"] for one in tools]
    return lambda query, k: list(index.get_top_n(_TOKEN.findall(query.lower()), ids, n=k))


def langgraph_bigtool(tools: Sequence[Tool], encode: Encode) -> Search:
    """The store that langgraph-bigtool searches, filled as its README says."""
    store = importlib.import_module("langgraph.store.memory").InMemoryStore(
        index={"embed": lambda texts: encode(texts), "dims": _DIMENSION, "fields": ["description"]}
    )
    put = importlib.import_module("langgraph.store.base").PutOp
    operations = [put(("tools",), one["id"], {"description": _text(one)}) for one in tools]
    store.batch(operations)
    return lambda query, k: [item.key for item in store.search(("tools",), query=query, limit=k)]


def llamaindex(tools: Sequence[Tool], encode: Encode) -> Search:
    """ObjectIndex over function tools."""
    core = importlib.import_module("llama_index.core")
    functions = importlib.import_module("llama_index.core.tools")
    objects = importlib.import_module("llama_index.core.objects")
    base: Any = importlib.import_module("llama_index.core.embeddings").BaseEmbedding

    class Given(base):  # type: ignore[misc]  # known only where it is installed
        def _get_text_embedding(self, text: str) -> list[float]:
            return encode([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return encode(texts)

        def _get_query_embedding(self, query: str) -> list[float]:
            return encode([query])[0]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return encode([query])[0]

    metadata = functions.ToolMetadata
    made = [
        functions.FunctionTool(lambda: "", metadata=metadata(name=one["id"], description=_text(one)))
        for one in tools
    ]
    index = objects.ObjectIndex.from_objects(
        made, index_cls=core.VectorStoreIndex, embed_model=Given(embed_batch_size=256)
    )
    retrievers: dict[int, Any] = {}

    def search(query: str, k: int) -> list[str]:
        if k not in retrievers:
            retrievers[k] = index.as_retriever(similarity_top_k=k)
        return [found.metadata.name for found in retrievers[k].retrieve(query)]

    return search


def chroma(tools: Sequence[Tool], encode: Encode) -> Search:
    """An in-memory collection, its HNSW index at its defaults."""
    collection = (
        importlib.import_module("chromadb")
        .EphemeralClient()
        .create_collection("tools", embedding_function=None, metadata={"hnsw:space": "cosine"})
    )
    for start in range(0, len(tools), 1_000):
        some = tools[start : start + 1_000]
        texts = [_text(one) for one in some]
        collection.add(ids=[one["id"] for one in some], documents=texts, embeddings=encode(texts))
    return lambda query, k: collection.query(query_embeddings=encode([query]), n_results=k)["ids"][0]


def qdrant_local(tools: Sequence[Tool], encode: Encode) -> Search:
    """qdrant-client's local mode in memory."""
    library = importlib.import_module("qdrant_client")
    models = library.models
    client = library.QdrantClient(":memory:")
    client.create_collection("tools", models.VectorParams(size=_DIMENSION, distance=models.Distance.COSINE))
    points = [
        models.PointStruct(id=row, vector=vector)
        for row, vector in enumerate(encode([_text(one) for one in tools]))
    ]
    client.upsert("tools", points)
    return lambda query, k: [
        tools[point.id]["id"]
        for point in client.query_points("tools", query=encode([query])[0], limit=k).points
    ]


def fastmcp(tools: Sequence[Tool], _encode: Encode) -> Search:
    """The tool search of a fastmcp server, BM25."""
    transform = importlib.import_module("fastmcp.server.transforms.search").BM25SearchTransform(
        max_results=10
    )
    made = _fastmcp_tools(tools)

    def search(query: str, k: int) -> list[str]:
        return [found.name for found in asyncio.run(transform._search(made, query))][:k]

    return search


def _fastmcp_tools(tools: Sequence[Tool]) -> list[Any]:
    tool_class = importlib.import_module("fastmcp.tools").Tool
    return [tool_class(name=one["id"], description=_text(one), parameters=one["parameters"]) for one in tools]


def graph_tool_call(tools: Sequence[Tool], _encode: Encode) -> Search:
    """A tool graph with its preset for large catalogs."""
    graph = importlib.import_module("graph_tool_call").ToolGraph()
    graph.add_tools([_openai(one) for one in tools], detect_dependencies=False)
    graph.tune_for_scale()
    return lambda query, k: [found.name for found in graph.retrieve(query, top_k=k)]


def _openai(tool: Tool) -> dict[str, Any]:
    function = {"name": tool["id"], "description": _text(tool), "parameters": tool["parameters"]}
    return {"type": "function", "function": function}


def ratel(tools: Sequence[Tool], _encode: Encode) -> Search:
    """Ratel's registry, BM25: its own models for vectors are downloaded."""
    library = importlib.import_module("ratel_ai")
    registry = library.ToolRegistry()

    async def register() -> None:
        await registry.register(
            [library.Tool(one["id"], one["name"], one["description"], one["parameters"]) for one in tools]
        )

    asyncio.run(register())
    return lambda query, k: [hit.tool_id for hit in registry.search(query, k)]


def pydantic_ai(tools: Sequence[Tool], _encode: Encode) -> Search:
    """The strategy ``keywords`` of pydantic-ai's tool search."""
    find = importlib.import_module("pydantic_ai.toolsets._tool_search").keywords_search_fn
    definition = importlib.import_module("pydantic_ai.tools").ToolDefinition
    made = [
        definition(name=one["id"], description=_text(one), parameters_json_schema=one["parameters"])
        for one in tools
    ]
    return lambda query, k: list(find(None, [query], made))[:k]


def haystack(tools: Sequence[Tool], _encode: Encode) -> Search:
    """What Haystack's SearchableToolset searches: a BM25 document store of names and descriptions."""
    store = importlib.import_module("haystack.document_stores.in_memory").InMemoryDocumentStore()
    document = importlib.import_module("haystack").Document
    store.write_documents([document(content=_text(one), meta={"tool_name": one["id"]}) for one in tools])
    return lambda query, k: [found.meta["tool_name"] for found in store.bm25_retrieval(query, top_k=k)]


PEERS: Mapping[str, Callable[[Sequence[Tool], Encode], Search]] = {
    "bm25s": bm25s,
    "rank-bm25": rank_bm25,
    "langgraph-bigtool": langgraph_bigtool,
    "llamaindex": llamaindex,
    "chroma": chroma,
    "qdrant-local": qdrant_local,
    "fastmcp": fastmcp,
    "graph-tool-call": graph_tool_call,
    "ratel-ai": ratel,
    "pydantic-ai": pydantic_ai,
    "haystack": haystack,
}


class Worker:
    """Takes orders from standard input.

    Args:
        name: The peer.
        answers: Where answers go; what the peer itself prints goes to standard error.
    """

    def __init__(self, name: str, answers: Any) -> None:
        self._name, self._answers = name, answers
        self._search: Search | None = None

    def run(self) -> None:
        """Carry out orders until there are no more."""
        for line in sys.stdin:
            order = json.loads(line)
            self._say(self._index(order["tools"]) if "tools" in order else self._found(**order))

    def _index(self, path: str) -> dict[str, Any]:
        tools = json.loads(Path(path).read_text(encoding="utf-8"))
        started = time.process_time()
        self._search = PEERS[self._name](tools, self._encode)
        return {"cpu_seconds": time.process_time() - started}

    def _found(self, query: str, k: int) -> dict[str, Any]:
        assert self._search is not None
        started = time.process_time()
        found = list(self._search(query, k))
        return {"found": found, "cpu_ms": (time.process_time() - started) * 1000}

    def _encode(self, texts: Sequence[str]) -> list[list[float]]:
        self._say({"encode": list(texts)})
        numpy = importlib.import_module("numpy")
        given = base64.b64decode(json.loads(sys.stdin.readline())["vectors"])
        rows: list[list[float]] = numpy.frombuffer(given, numpy.float32).reshape(-1, _DIMENSION).tolist()
        return rows

    def _say(self, answer: Mapping[str, Any]) -> None:
        self._answers.write(json.dumps(answer) + "\n")
        self._answers.flush()


if __name__ == "__main__":
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    Worker(sys.argv[1], own).run()
