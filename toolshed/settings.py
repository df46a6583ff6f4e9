"""Settings of the applications: the one reader of the environment."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from toolshed.errors import ConfigurationError
from toolshed.issuers import OidcIssuer
from toolshed.options import PipelineName

# Without a port and without wildcards, which would let in what nobody thought of.
_HostName = Annotated[str, StringConstraints(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[\w.-]+)$", to_lower=True)]


class Settings(BaseSettings):
    """Settings of the applications, each also an environment variable ``TOOLSHED_...``.

    Attributes:
        kb: Folder of the embedded knowledge base, or URL of a Qdrant server.
        pipeline: The named pipeline that searches.
        encoder: Name of another dense encoder than the offline default, ``sentence-transformers:MODEL``.
        qdrant_api_key: Key of the Qdrant server.
        collection: Collection on the Qdrant server.
        api_keys: Keys that clients of the REST service must show; none allows loopback only.
        allowed_hosts: Names, beside those of loopback, that requests may be for and web pages may come from.
            Checked where no API keys are set, and where names are given.
        allowed_sources: What callers of the service may name beside public addresses: hosts at private ones
            (``crm.intranet``, ``10.0.0.5:8080``), and files or programs by their whole locations.
        ledger: Where costs are booked: a file or a SQLAlchemy URL; beside the knowledge base by default.
        state: Where the service keeps its keys, grants, jobs and audit log: a file or a SQLAlchemy URL;
            ``state.db`` beside an embedded knowledge base by default, or the ledger's server.
        pepper: Secret of at least 32 characters that API keys are stored with; made beside the state by
            default. All replicas need the same.
        oidc: Issuers whose tokens are taken, a JSON list; see :class:`~toolshed.issuers.OidcIssuer`.
        public_url: Address that clients know the service by, where it is not that of their requests.
        requests_per_minute: Most requests of a caller whose key says nothing else.
        audit_days: How long the audit log is kept.
        audit_texts: Whether the audit log keeps queries and arguments, not only their digests.
        secrets_key: What credentials for upstream servers are sealed with: 32 bytes in Base64; several with
            commas between them, the newest first.
        prices: Price file of the deployment.
        multilingual: Whether a new knowledge base serves other languages too, where the extra is installed.
        encoder_threads: Threads of one query's encoding.
        blas_threads: Most threads of numpy's linear algebra while a search runs; 0 leaves it alone.
        max_query_characters: Longest query the service takes.
        max_upload_bytes: Largest body of tools, or of text, that the service takes.
        connections_of_address: How many connections that wait for their clients the service keeps of one
            address; 0 for any number, as behind a proxy; a quarter of its places when not given.
        allow_commands: Whether callers of the service may have MCP servers started by commands that a Qdrant
            server names.
        max_wait_ms: Longest that a search may have to wait for its turn, milliseconds; it is refused sooner.
        queue_at_least: How many searches may wait whatever that takes.
        max_k: Most tools, or passages, the service returns at once.
        refresh_seconds: How often the service asks a shared Qdrant server whether tools have changed.
        mcp_pinned: Ids of tools that the MCP server lists beside its own.
        gateway: File that names the upstreams of the gateway; without one the service has no gateway.
        ready_when_empty: Whether ``/readyz`` says so while no tools are indexed.
        data: Folder of the official data sets that evaluations and replays read.
    """

    model_config = SettingsConfigDict(env_prefix="TOOLSHED_", extra="ignore")

    kb: str = "./shed"
    pipeline: PipelineName = "default"
    encoder: str | None = None
    multilingual: bool = True
    qdrant_api_key: SecretStr | None = None
    collection: str = "tools"
    # An empty key would be shown by everybody who shows none.
    api_keys: list[Annotated[SecretStr, Field(min_length=1)]] = Field(default_factory=list)
    allowed_hosts: list[_HostName] = Field(default_factory=list)
    allowed_sources: list[str] = Field(default_factory=list)
    ledger: str | None = None
    state: str | None = None
    pepper: SecretStr | None = None
    oidc: list[OidcIssuer] = Field(default_factory=list, max_length=20)
    public_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s\"\\\\]+$")] | None = None
    requests_per_minute: int | None = Field(default=None, ge=1, le=1_000_000)
    audit_days: int = Field(default=365, ge=1, le=36_500)
    audit_texts: bool = False
    secrets_key: SecretStr | None = None
    prices: str | None = None
    encoder_threads: int = Field(default=1, ge=1, le=64)
    blas_threads: int = Field(default=1, ge=0, le=1024)
    max_query_characters: int = Field(default=200_000, ge=1)
    max_upload_bytes: int = Field(default=16 * 2**20, ge=2**16, le=2**30)
    connections_of_address: int | None = Field(default=None, ge=0, le=1_000_000)
    allow_commands: bool = False
    max_wait_ms: int = Field(default=250, ge=1, le=30_000)
    queue_at_least: int = Field(default=64, ge=0, le=10_000)
    max_k: int = Field(default=100, ge=1)
    refresh_seconds: float = Field(default=30.0, gt=0)
    mcp_pinned: list[str] = Field(default_factory=list, max_length=50)
    gateway: Path | None = None
    ready_when_empty: bool = False
    data: Path = Path("data")


def read_settings(**given: Any) -> Settings:
    """The settings: what is given, and the environment for the rest.

    Raises:
        ConfigurationError: If a variable of the environment is wrong.
    """
    # Any: pydantic checks the values.
    try:
        return Settings(**given)
    except ValidationError as error:
        # Without what was given: it may be a key.
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ConfigurationError(f"a TOOLSHED_... variable is wrong: {wrong}") from None
    except SettingsError as error:
        raise ConfigurationError(f"a TOOLSHED_... variable is wrong: {error}") from None
