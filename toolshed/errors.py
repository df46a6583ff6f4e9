"""Every error a user of Toolshed can meet.

ToolshedError
├── InvalidToolError        a tool definition that cannot be indexed
├── InvalidDocumentError    a legal document that cannot be indexed
├── SourceError             a source of tools or documents that cannot be read
├── InvalidQueryError       a query that cannot be searched
├── UnknownToolError        a tool id that the knowledge base does not hold
├── UnknownDocumentError    a document id that the knowledge base does not hold
├── ConfigurationError      a setting that is wrong or an extra that is missing
├── EncoderError            an encoder that failed or returned unusable vectors
├── UnknownModelError       a model without a price
├── InvalidRecordError      usage, a decision or an outcome that cannot be booked
├── UnknownDecisionError    a task or decision that the ledger does not hold
├── NoEligibleBackboneError no candidate may or can do the step
├── BudgetExceededError     the call would spend more than the budget has left
├── TooLittleEvidenceError  too few outcomes for the estimate that was asked for
├── BackboneError           a model that could not be called, or whose reply cannot be used
├── LedgerError             the ledger could not do what was asked
└── KnowledgeBaseError      the store could not do what was asked
    ├── KnowledgeBaseBusyError      another process has the folder open
    ├── KnowledgeBaseMismatchError  it was written with another encoder or schema
    └── StorageFullError            there is no room left on the disk
"""

from typing import ClassVar


class ToolshedError(Exception):
    """Base of all errors raised on purpose; ``code`` is stable across releases."""

    code: ClassVar[str] = "toolshed_error"


class InvalidToolError(ToolshedError):
    """A tool definition that cannot be indexed."""

    code = "invalid_tool"


class InvalidDocumentError(ToolshedError):
    """A legal document that cannot be indexed."""

    code = "invalid_document"


class SourceError(ToolshedError):
    """A source of tools or documents that cannot be read."""

    code = "unreadable_source"


class InvalidQueryError(ToolshedError):
    """A query, or one of its options, that cannot be searched."""

    code = "invalid_query"


class UnknownToolError(ToolshedError):
    """A tool id that the knowledge base does not hold."""

    code = "unknown_tool"


class UnknownDocumentError(ToolshedError):
    """A document id that the knowledge base does not hold."""

    code = "unknown_document"


class ConfigurationError(ToolshedError):
    """A setting that is wrong, or an extra that is not installed."""

    code = "configuration"


class EncoderError(ToolshedError):
    """An encoder that failed or returned vectors that cannot be used."""

    code = "encoder"


class KnowledgeBaseError(ToolshedError):
    """The knowledge base could not do what was asked of it."""

    code = "knowledge_base"


class KnowledgeBaseBusyError(KnowledgeBaseError):
    """Another process has the knowledge base open."""

    code = "knowledge_base_busy"


class KnowledgeBaseMismatchError(KnowledgeBaseError):
    """The knowledge base was written with another encoder or schema."""

    code = "knowledge_base_mismatch"


class StorageFullError(KnowledgeBaseError):
    """The disk has no room for what was to be written."""

    code = "storage_full"


class UnknownModelError(ToolshedError):
    """A model without a price; it is never taken to be free."""

    code = "unknown_model"


class InvalidRecordError(ToolshedError):
    """Usage, a decision or an outcome that cannot be booked."""

    code = "invalid_record"


class UnknownDecisionError(ToolshedError):
    """A task or decision that the ledger does not hold."""

    code = "unknown_decision"


class NoEligibleBackboneError(ToolshedError):
    """No candidate may or can do the step."""

    code = "no_eligible_backbone"


class BudgetExceededError(ToolshedError):
    """The call would spend more than the budget has left."""

    code = "budget_exceeded"


class TooLittleEvidenceError(ToolshedError):
    """Too few outcomes for the estimate that was asked for."""

    code = "too_little_evidence"


class BackboneError(ToolshedError):
    """A model that could not be called, or whose reply cannot be used."""

    code = "backbone"


class LedgerError(ToolshedError):
    """The ledger could not do what was asked of it."""

    code = "ledger"
