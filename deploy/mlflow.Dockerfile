# The MLflow server's image: versions of the model, their evaluations, and the runs of trainings.
# Build it from the root of the repository:
#   docker build -f deploy/mlflow.Dockerfile -t ticket-mlflow .

ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /source
RUN python -m venv --without-pip /opt/mlflow
COPY deploy/locks/mlflow.txt deploy/locks/mlflow.txt
RUN pip --python /opt/mlflow/bin/python install --no-cache-dir --disable-pip-version-check \
      --require-hashes -r deploy/locks/mlflow.txt

FROM ${PYTHON_IMAGE}
# A volume that is mounted at /mlflow for the first time takes over this folder's owner.
RUN groupadd --gid 10001 mlflow \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin mlflow \
    && install --directory --owner 10001 --group 10001 /mlflow
COPY --from=build /opt/mlflow /opt/mlflow
ENV PATH=/opt/mlflow/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MLFLOW_BACKEND_STORE_URI=sqlite:////mlflow/mlflow.db \
    MLFLOW_ARTIFACTS_DESTINATION=/mlflow/artifacts \
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
    MLFLOW_DISABLE_TELEMETRY=true
USER 10001:10001
WORKDIR /tmp
EXPOSE 5000
# The first start lays out the database, which takes minutes on a busy machine.
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s --retries=3 \
  CMD ["python", "-c", "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 5000, timeout=4); c.request('GET', '/health'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["mlflow"]
CMD ["server", "--host", "0.0.0.0", "--port", "5000", "--workers", "2", "--serve-artifacts"]
