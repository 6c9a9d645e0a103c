# The build needs no Node in the image: the build hook takes it from a wheel.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml hatch_build.py README.md CHANGELOG.md LICENSE ./
COPY mailcatcher mailcatcher
COPY pytest_plugin pytest_plugin
COPY ui ui
RUN python -m venv /opt/mailcatcher && /opt/mailcatcher/bin/pip install --no-cache-dir .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="mailcatcher" \
      org.opencontainers.image.description="An SMTP server for development and tests that keeps every mail and delivers none" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --system --gid 10001 mailcatcher && useradd --system --uid 10001 --gid 10001 --create-home --home-dir /data mailcatcher
COPY --from=build /opt/mailcatcher /opt/mailcatcher
ENV PATH="/opt/mailcatcher/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    MAILCATCHER_SMTP_LISTEN="0.0.0.0:1025" \
    MAILCATCHER_WEB_LISTEN="0.0.0.0:8025" \
    MAILCATCHER_WEB_PUBLIC="true"
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 1025 8025
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["mailcatcher", "ready"]
ENTRYPOINT ["mailcatcher"]
