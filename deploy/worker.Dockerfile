# The worker's image: the package and its pinned dependencies, without torch and compilers.
# Build it from the root of the repository:
#   docker build -f deploy/worker.Dockerfile -t ticket-worker .

ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /source
RUN python -m venv --without-pip /opt/tickets
COPY deploy/locks/worker.txt deploy/locks/worker.txt
RUN pip --python /opt/tickets/bin/python install --no-cache-dir --disable-pip-version-check \
      --require-hashes -r deploy/locks/worker.txt
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY stream_app stream_app
COPY training training
RUN pip --python /opt/tickets/bin/python install --no-cache-dir --disable-pip-version-check \
      --no-deps .

FROM ${PYTHON_IMAGE}
# A volume that is mounted at /models for the first time takes over this folder's owner.
RUN groupadd --gid 10001 tickets \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin tickets \
    && install --directory --owner 10001 --group 10001 /models
COPY --from=build /opt/tickets /opt/tickets
ENV PATH=/opt/tickets/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TICKETS_BUNDLE_DIR=/bundles \
    TICKETS_REGISTRY_CACHE_DIR=/models \
    TICKETS_WORKER_PROBE_HOST=0.0.0.0 \
    TICKETS_WORKER_PROBE_PORT=8080
USER 10001:10001
# Writable beside /models: temporary folders are made there.
WORKDIR /tmp
EXPOSE 8080
# Asks over a plain connection, because urllib would send the request to a configured proxy.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['TICKETS_WORKER_PROBE_PORT']), timeout=2); c.request('GET', '/livez'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["tickets"]
CMD ["worker"]
