FROM rust:1-slim-bookworm AS build
WORKDIR /testribute
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY config config
COPY src src
RUN cargo build --release --locked --bin testribute

FROM debian:bookworm-slim
# Without certificates no TLS connection can be checked, and the HTTP client refuses to start.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /testribute/target/release/testribute /usr/local/bin/testribute
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=2s CMD ["testribute", "healthcheck"]
ENTRYPOINT ["testribute"]
CMD ["serve"]
