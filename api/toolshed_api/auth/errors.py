"""What can be wrong with keys, tenants and grants."""

from toolshed.errors import ToolshedError


class UnknownKeyError(ToolshedError):
    """An API key that is not there, or belongs to another tenant."""

    code = "unknown_key"
    http_status = 404


class UnknownTenantError(ToolshedError):
    """A tenant that is not there."""

    code = "unknown_tenant"
    http_status = 404


class UnknownGrantError(ToolshedError):
    """A grant that is not there, or belongs to another tenant."""

    code = "unknown_grant"
    http_status = 404


class AccessConflictError(ToolshedError):
    """A change that does not go with what is there: a name that is taken, a key that is replaced."""

    code = "access_conflict"
    http_status = 409


class InvalidAccessError(ToolshedError):
    """A key, a tenant or a grant that cannot be made so."""

    code = "invalid_access"
    http_status = 422


class ForbiddenTenantError(ToolshedError):
    """The caller's tenant is not known to this service, or suspended."""

    code = "forbidden_tenant"
    http_status = 403
