"""Names that OpenTelemetry's conventions give, which are still in development: changed here and nowhere else.

Generative AI: operations ``retrieval`` and ``execute_tool``; HTTP: as in the stable conventions.
"""

OPERATION = "gen_ai.operation.name"
RETRIEVAL, EXECUTE_TOOL = "retrieval", "execute_tool"
DATA_SOURCE = "gen_ai.data_source.id"
TOOL_NAME = "gen_ai.tool.name"
TOOL_TYPE = "gen_ai.tool.type"
ERROR_TYPE = "error.type"
HTTP_METHOD, HTTP_ROUTE = "http.request.method", "http.route"
HTTP_STATUS = "http.response.status_code"
# Ours, where there is no convention.
TENANT = "toolshed.tenant"
STATUS = "toolshed.search.status"
N_TOOLS, N_FOUND = "toolshed.catalog.tools", "toolshed.search.found"
PIPELINE = "toolshed.pipeline"
