# Measures in a container: codecs of Debian and of the package index, CPU only.
#
#     docker build --file deploy/runner.Dockerfile --tag codecbench .
#     docker run --rm --volume "$PWD:/work" --volume codecbench-cache:/cache --user "$(id -u):$(id -g)" codecbench demo
#     docker run --rm --volume "$PWD:/work" --volume /my/audio:/data:ro --user "$(id -u):$(id -g)" codecbench run mine.yaml --data /data
#
# `--build-arg EXTRAS=metrics,mos,lc3,neural` adds neural codecs (about 5 GB); their weights go to /cache.
FROM python:3.11-slim AS build
# Debian keeps only the newest version of a package, so a pinned one would soon not be there.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
ARG EXTRAS=metrics,mos,rooms,lc3
WORKDIR /source
COPY . .
RUN python -m venv /opt/codecbench \
    && /opt/codecbench/bin/pip install --no-cache-dir --constraint constraints.txt ".[${EXTRAS}]"

FROM python:3.11-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        codec2 ffmpeg flac libgsm-tools liblc3-tools musepack-tools opus-tools speex vorbis-tools \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 codecbench \
    && install --directory --mode=1777 /cache /work
COPY --from=build /opt/codecbench /opt/codecbench
ENV PATH=/opt/codecbench/bin:$PATH \
    HOME=/cache \
    CODECBENCH_CACHE=/cache \
    XDG_DATA_HOME=/cache \
    NUMBA_CACHE_DIR=/cache/numba \
    MPLCONFIGDIR=/cache/matplotlib
USER 1000
WORKDIR /work
ENTRYPOINT ["codecbench"]
CMD ["doctor"]
