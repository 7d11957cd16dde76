# knockwatch: `serve`, and with other arguments the agent, the demo and the parts of a fleet, for which
# Kafka's client adds 17 MB.
# Nothing here depends on the processor: each Python dependency has wheels for amd64 and arm64.

FROM python:3.13-slim-trixie AS build
WORKDIR /src
RUN python -m venv /opt/knockwatch
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ONLY_BINARY=:all:
COPY deploy/exporter/locked.txt deploy/exporter/locked-build.txt deploy/exporter/
# Each file that comes from an index is one whose hash is known here.
RUN /opt/knockwatch/bin/python -m pip install --require-hashes -r deploy/exporter/locked.txt \
    && python -m venv /opt/build \
    && /opt/build/bin/python -m pip install --require-hashes -r deploy/exporter/locked-build.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY exporter exporter
# pip stays behind: what runs installs nothing.
RUN /opt/build/bin/python -m hatchling build -t wheel -d /wheel \
    && /opt/knockwatch/bin/python -m pip install --no-deps --no-index /wheel/*.whl \
    && /opt/knockwatch/bin/python -m pip check \
    && /opt/knockwatch/bin/python -m pip uninstall --yes pip \
    && install --directory --mode 0700 --owner 65532 --group 65532 /state

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="knockwatch" \
      org.opencontainers.image.description="Who is knocking on my router, and which of my devices asked them to?" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/knockwatch /opt/knockwatch
# An empty folder, so that a new volume mounted here belongs to the user who writes to it.
COPY --from=build --chown=65532:65532 /state /var/lib/knockwatch
ENV PATH=/opt/knockwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    # glibc's arenas, one for each thread, keep what was freed.
    MALLOC_ARENA_MAX=2 \
    STATE_DIRECTORY=/var/lib/knockwatch
USER 65532:65532
WORKDIR /
STOPSIGNAL SIGTERM
EXPOSE 10151/tcp
ENTRYPOINT ["knockwatch"]
CMD ["serve"]
