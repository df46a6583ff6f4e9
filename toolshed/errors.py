"""Every error a user of Toolshed can meet, with the HTTP status that the REST service answers it with.

ToolshedError                      500
├── InvalidToolError               422  a tool definition that cannot be indexed
│   └── SourceConflictError        409  a source under a name that belongs to another
├── InvalidDocumentError           422  a legal document that cannot be indexed
│   └── DocumentConflictError      409  a document under the id of another
├── SourceError                    502  a source of tools or documents that cannot be read
│   ├── ForbiddenSourceError       403  a source that whoever named it may not reach
│   └── ServerAnswerError          502  a server of tools that answers with an error
├── InvalidQueryError              422  a query that cannot be searched
├── UnknownToolError               404  a tool id that the knowledge base does not hold
├── UnknownSourceError             404  a source of tools that the knowledge base does not hold
├── UnknownQueryError              404  a search that is not remembered, or not any more
├── UnknownDocumentError           404  a document id that the knowledge base does not hold
├── ConfigurationError             500  a setting that is wrong or an extra that is missing
│   └── NoSecretsKeyError          409  credentials cannot be sealed: there is no key
├── ServiceError                   502  a service that cannot be reached, or refuses as only services do
├── EncoderError                   502  an encoder that failed or returned unusable vectors
├── StageTimeoutError              504  a stage waited longer than it may
├── ChatModelError                 502  a language model that gave no answer that can be used
├── MissingReplyError              409  a prompt without an answer in the recording that is replayed
├── UnknownModelError              404  a model without a price, or no candidate
├── InvalidRecordError             422  usage, a decision or an outcome that cannot be booked
│   └── CandidateConflictError     409  two candidates for a step under one name
├── UnknownDecisionError           404  a task or decision that the ledger does not hold
├── NoEligibleBackboneError        409  no candidate may or can do the step
├── BudgetExceededError            402  the call would spend more than the budget has left
├── TooLittleEvidenceError         409  too few outcomes for the estimate that was asked for
├── LedgerError                    503  the ledger could not do what was asked
├── StateError                     503  the database of keys, jobs and the like could not do what was asked
├── ToolCallError                  502  a call of a tool that could not be made or did not come back
│   ├── NotCallableError           409  nothing says how to call the tool, or from here
│   │   └── InputRequiredError   409  the tool asks something back before it does anything
│   ├── InvalidArgumentsError      422  arguments that the tool does not take; nothing was sent
│   ├── MissingCredentialsError    424  the tool wants credentials that were not given; nothing was sent
│   ├── ForbiddenAddressError      403  an address that a call may not go to; nothing was sent
│   ├── ToolTimeoutError           504  the tool did not answer in time
│   ├── LostConnectionError        502  the connection to the tool could not be made or was lost
│   ├── TooManyCallsError          503  too many calls are running
│   └── UnknownResultError         404  a result that is not kept, or not any more
└── KnowledgeBaseError             503  the store could not do what was asked
    ├── KnowledgeBaseBusyError     503  another process has the folder open
    ├── KnowledgeBaseMismatchError 503  it was written with another encoder or schema
    └── StorageFullError           507  there is no room left on the disk
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class ToolshedError(Exception):
    """Base of all errors raised on purpose; every class states both of its attributes.

    Attributes:
        code: Names the kind of error; stable across releases.
        http_status: The status of an answer that reports it.
    """

    code: ClassVar[str] = "toolshed_error"
    http_status: ClassVar[int] = 500


class InvalidToolError(ToolshedError):
    """A tool definition that cannot be indexed."""

    code = "invalid_tool"
    http_status = 422


class SourceConflictError(InvalidToolError):
    """A source under a name that belongs to tools from elsewhere."""

    code = "source_conflict"
    http_status = 409


class InvalidDocumentError(ToolshedError):
    """A legal document that cannot be indexed."""

    code = "invalid_document"
    http_status = 422


class DocumentConflictError(InvalidDocumentError):
    """A document under the id of another, given with it or indexed from another file."""

    code = "document_conflict"
    http_status = 409


class SourceError(ToolshedError):
    """A source of tools or documents that cannot be read."""

    code = "unreadable_source"
    http_status = 502


class ForbiddenSourceError(SourceError):
    """A source, or an address that it leads to, that whoever named it may not reach; nothing was sent."""

    code = "forbidden_source"
    http_status = 403


class ServerAnswerError(SourceError):
    """A server of tools that is there, and answers with an error."""

    code = "server_answer"
    http_status = 502


class InvalidQueryError(ToolshedError):
    """A query, or one of its options, that cannot be searched."""

    code = "invalid_query"
    http_status = 422


class UnknownToolError(ToolshedError):
    """A tool id that the knowledge base does not hold."""

    code = "unknown_tool"
    http_status = 404


class UnknownSourceError(ToolshedError):
    """A source of tools that the knowledge base does not hold."""

    code = "unknown_source"
    http_status = 404


class UnknownDocumentError(ToolshedError):
    """A document id that the knowledge base does not hold."""

    code = "unknown_document"
    http_status = 404


class ConfigurationError(ToolshedError):
    """A setting that is wrong, or an extra that is not installed."""

    code = "configuration"
    http_status = 500


class NoSecretsKeyError(ConfigurationError):
    """Credentials cannot be kept: there is no key to seal them with."""

    code = "no_secrets_key"
    http_status = 409


class ServiceError(ToolshedError):
    """A service that cannot be reached, or refuses for a reason that only services have.

    Attributes:
        remote_code: The code that the service gave, such as ``missing_scope``; empty where it gave none.
        status: The HTTP status of its answer; 0 where there was none.
    """

    code = "service"
    http_status = 502

    def __init__(self, message: str, *, remote_code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.remote_code, self.status = remote_code, status


class EncoderError(ToolshedError):
    """An encoder that failed or returned vectors that cannot be used."""

    code = "encoder"
    http_status = 502


class StageTimeoutError(ToolshedError):
    """A stage of a pipeline waited longer than it may, for a model for instance."""

    code = "stage_timeout"
    http_status = 504


class ChatModelError(ToolshedError):
    """A language model that gave no answer, or none that can be used; stages fall back."""

    code = "chat_model"
    http_status = 502


class MissingReplyError(ToolshedError):
    """A prompt that the recording has no answer to; no stage falls back for it."""

    code = "missing_reply"
    http_status = 409


class UnknownModelError(ToolshedError):
    """A model without a price, which is never taken to be free; or one that is no candidate."""

    code = "unknown_model"
    http_status = 404


class InvalidRecordError(ToolshedError):
    """Usage, a decision or an outcome that cannot be booked."""

    code = "invalid_record"
    http_status = 422


class CandidateConflictError(InvalidRecordError):
    """Two candidates for a step under one name; evidence is kept by it."""

    code = "candidate_conflict"
    http_status = 409


class UnknownDecisionError(ToolshedError):
    """A task or decision that the ledger does not hold."""

    code = "unknown_decision"
    http_status = 404


class NoEligibleBackboneError(ToolshedError):
    """No candidate may or can do the step."""

    code = "no_eligible_backbone"
    http_status = 409


class BudgetExceededError(ToolshedError):
    """The call would spend more than the budget has left."""

    code = "budget_exceeded"
    http_status = 402


class TooLittleEvidenceError(ToolshedError):
    """Too few outcomes for the estimate that was asked for; more of them may do."""

    code = "too_little_evidence"
    http_status = 409


class LedgerError(ToolshedError):
    """The ledger could not do what was asked of it."""

    code = "ledger"
    http_status = 503


class StateError(ToolshedError):
    """The database that keeps the service's keys, grants and jobs could not do what was asked of it."""

    code = "state"
    http_status = 503


class ToolCallError(ToolshedError):
    """A call of a tool that could not be made, or whose answer did not come back.

    What a tool itself answers is never raised, its errors included: it is a result.

    Attributes:
        may_have_acted: Whether the tool may have done what was asked, though no answer came.
    """

    code = "tool_call"
    http_status = 502

    def __init__(self, message: str, *, may_have_acted: bool = False) -> None:
        super().__init__(f"{message}; the tool may have acted" if may_have_acted else message)
        self.may_have_acted = may_have_acted


class NotCallableError(ToolCallError):
    """Nothing says how to call the tool, or it cannot be called from here."""

    code = "not_callable"
    http_status = 409


class InputRequiredError(NotCallableError):
    """The tool asks its caller something back before it does anything.

    Attributes:
        requests: What it asks, each a request of MCP, by a name.
        state: What it wants handed back with the answers; None where nothing.
    """

    code = "input_required"
    http_status = 409

    def __init__(
        self, message: str, *, requests: Mapping[str, Any] | None = None, state: str | None = None
    ) -> None:
        super().__init__(message)
        self.requests, self.state = dict(requests or {}), state


class InvalidArgumentsError(ToolCallError):
    """Arguments that the tool does not take; nothing was sent."""

    code = "invalid_arguments"
    http_status = 422


class MissingCredentialsError(ToolCallError):
    """The tool wants credentials that the caller did not give; nothing was sent."""

    code = "missing_credentials"
    http_status = 424


class ForbiddenAddressError(ToolCallError):
    """An address that a call may not go to; nothing was sent there."""

    code = "forbidden_address"
    http_status = 403


class ToolTimeoutError(ToolCallError):
    """The tool did not answer in time."""

    code = "tool_timeout"
    http_status = 504


class LostConnectionError(ToolCallError):
    """The connection to the tool could not be made, or was lost before it answered."""

    code = "lost_connection"
    http_status = 502


class TooManyCallsError(ToolCallError):
    """Too many calls are running; some of them may never end."""

    code = "too_many_calls"
    http_status = 503


class UnknownQueryError(ToolshedError):
    """A search that is not remembered, or not any more."""

    code = "unknown_query"
    http_status = 404


class UnknownResultError(ToolCallError):
    """A result that is not kept, or not any more."""

    code = "unknown_result"
    http_status = 404


class KnowledgeBaseError(ToolshedError):
    """The knowledge base could not do what was asked of it."""

    code = "knowledge_base"
    http_status = 503


class KnowledgeBaseBusyError(KnowledgeBaseError):
    """Another process has the knowledge base open."""

    code = "knowledge_base_busy"
    http_status = 503


class KnowledgeBaseMismatchError(KnowledgeBaseError):
    """The knowledge base was written with another encoder or schema."""

    code = "knowledge_base_mismatch"
    http_status = 503


class StorageFullError(KnowledgeBaseError):
    """The disk has no room for what was to be written."""

    code = "storage_full"
    http_status = 507


def missing_extra(module: str, extra: str) -> ConfigurationError:
    """The error that says how to install a package that an extra brings."""
    return ConfigurationError(
        f"{module} is not installed; from the Toolshed checkout run: pip install '.[{extra}]'"
    )


def missing_package(module: str) -> ConfigurationError:
    """The error that says how to install a package that no extra brings."""
    package = module.partition(".")[0].replace("_", "-")
    return ConfigurationError(f"{package} is not installed; run: pip install {package}")
