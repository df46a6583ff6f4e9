# The service in one image: the encoder's weights are in it, nothing is fetched when it runs.
#   docker build -t toolshed . && docker run -p 8321:8321 -v toolshed:/data toolshed
FROM python:3.12-slim AS build
WORKDIR /build
# What the lock names, with its hashes; torch and what only tests need stay out.
COPY requirements.lock pyproject.toml hatch_build.py README.md LICENSE ./
COPY toolshed toolshed
COPY indexer indexer
COPY api api
COPY evals evals
RUN python -m venv /venv \
 && /venv/bin/pip wheel --no-cache-dir --no-deps -w /wheels . \
 && sed 's/ \\$//; /^    --hash/d; /^#/d' requirements.lock > /wheels/versions.txt \
 && /venv/bin/pip install --no-cache-dir -c /wheels/versions.txt \
      "$(ls /wheels/*.whl)[api,economics,legal,mcp,openai,server,telemetry,transformer]" 'psycopg[binary]'

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /data --no-create-home toolshed \
 && install -d -o toolshed -g toolshed -m 700 /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    TOOLSHED_KB=/data/shed TOOLSHED_HOST=0.0.0.0 TOOLSHED_PORT=8321
# The file system may be read-only: what is written goes to /data, and to /tmp while a disk is full.
USER 10001
VOLUME /data
WORKDIR /data
EXPOSE 8321
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8321/healthz', timeout=2)"]
ENTRYPOINT ["toolshed"]
CMD ["serve"]
