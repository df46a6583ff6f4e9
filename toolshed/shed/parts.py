"""The parts of a knowledge base, made from the options that it is opened with."""

from collections.abc import Callable

from toolshed.knowledge_base.examples import EXAMPLE_LAYOUT
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.tuned import TUNED_LAYOUT
from toolshed.shed.booking import Booking
from toolshed.shed.digest_key import Digests, digest_keys
from toolshed.shed.encoders import Encoders
from toolshed.shed.location import Location
from toolshed.shed.opening import ShedArguments, may_hold, open_examples, open_passages, open_tuned
from toolshed.shed.passage_library import PassageLibrary
from toolshed.shed.tool_library import ToolLibrary
from toolshed.shed.tuning_library import TuningLibrary
from toolshed.shed.usage_library import UsageLibrary


def usage_of(
    at: Location,
    manifest: Manifest,
    tools: Callable[[], ToolLibrary],
    encoders: Encoders,
    given: ShedArguments,
) -> UsageLibrary:
    """What the knowledge base at a location learns from use."""
    sharing, tenant = given["sharing"], given["tenant"]
    return UsageLibrary(
        lambda: open_examples(at, manifest, given),
        exists=lambda: may_hold(EXAMPLE_LAYOUT, at, given),
        asks_again=not at.is_server,
        digests=lambda: Digests(digest_keys(at, given["secrets_key"], given["collection"])),
        tool=lambda tool_id, visible: tools().get(tool_id, visible),
        documents=lambda encoders: tools().document_vectors(encoders),
        version=lambda: tools().version,
        completed=encoders.completed,
        keeps_text=given["keeps_requests"],
        elsewhere=lambda query_id: None if sharing is None else sharing.pending(tenant, query_id),
    )


def tuning_of(
    at: Location, manifest: Manifest, tools: Callable[[], ToolLibrary], given: ShedArguments
) -> TuningLibrary:
    """What judged requests changed of its pipelines."""
    return TuningLibrary(
        lambda: open_tuned(at, manifest, given),
        exists=lambda: may_hold(TUNED_LAYOUT, at, given),
        made_of=lambda: tools().made_of(),
    )


def passages_of(at: Location, manifest: Manifest, encoders: Encoders, given: ShedArguments) -> PassageLibrary:
    """Its legal text."""
    return PassageLibrary(
        lambda: open_passages(at, manifest, given),
        exists=lambda: at.holds("passages"),
        encoders=encoders,
        blas_threads=given["blas_threads"],
    )


def booking_of(at: Location, given: ShedArguments) -> Booking:
    """Its books."""
    pipeline = given["pipeline"]
    return Booking(
        at,
        ledger=given["ledger"],
        prices=given["prices"],
        tenant=given["tenant"],
        pipeline=pipeline if isinstance(pipeline, str) else "custom",
    )
