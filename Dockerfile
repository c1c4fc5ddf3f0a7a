# The service: API, workers and commands. No compiler, no Node, no secret and no root in the image that runs.
# TORCH_INDEX is the address of PyTorch's CPU builds, as PyTorch's page 'Start Locally' shows it.

FROM python:3.12-slim AS packages
ARG TORCH_INDEX
ARG TORCH=2.13.0
RUN test -n "$TORCH_INDEX" || { echo "say --build-arg TORCH_INDEX=… (see CONTRIBUTING.md)" >&2; exit 1; }
RUN python -m venv /opt/trailseal
ENV PATH=/opt/trailseal/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN pip install --no-deps --index-url "$TORCH_INDEX" "torch==${TORCH}+cpu"
COPY requirements.txt /tmp/requirements.txt
RUN pip install --require-hashes --no-deps --only-binary :all: --requirement /tmp/requirements.txt

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin trailseal
COPY --from=packages /opt/trailseal /opt/trailseal
WORKDIR /srv/trailseal
COPY LICENSE ./
COPY contracts/artifacts contracts/artifacts
COPY ml ml
COPY service service
ENV PATH=/opt/trailseal/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1
USER 10001
EXPOSE 8000
ENTRYPOINT ["python", "-m", "service.cli"]
CMD ["serve", "--host", "0.0.0.0"]
