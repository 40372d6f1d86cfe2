# The image of the service. `--target demo` makes that of docker-compose.yml, which has the mocks too.

FROM rust:1-slim-bookworm AS source
WORKDIR /testribute
# Dependencies and the small crates first, with an empty main crate: they are built again only when they change.
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY crates crates
COPY python python
RUN mkdir -p src tests/it \
    && touch src/lib.rs tests/it/main.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --profile dist --locked --bin testribute
COPY config config
COPY ui/dist ui/dist
COPY src src
# Cargo compares modification times, and the files of the empty crate are newer.
RUN touch src/lib.rs src/main.rs

# /image: the program and the shared libraries that it loads.
FROM source AS build
RUN cargo build --profile dist --locked --no-default-features --features otlp --bin testribute \
    && install -D target/dist/testribute /image/usr/local/bin/testribute \
    && ldd target/dist/testribute > /tmp/ldd \
    && grep --only-matching '/[^ ]*' /tmp/ldd > /tmp/libraries \
    && xargs cp --parents --target-directory=/image < /tmp/libraries

FROM source AS build-demo
RUN cargo build --profile dist --locked --bin testribute \
    && install -D target/dist/testribute /image/usr/local/bin/testribute \
    && ldd target/dist/testribute > /tmp/ldd \
    && grep --only-matching '/[^ ]*' /tmp/ldd > /tmp/libraries \
    && xargs cp --parents --target-directory=/image < /tmp/libraries

# No shell, no package manager; but the certificates, without which no TLS connection can be verified.
FROM scratch AS runtime
COPY --from=source /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=2s CMD ["/usr/local/bin/testribute", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/testribute"]
CMD ["serve"]

FROM runtime AS demo
COPY --from=build-demo /image /

FROM runtime
COPY --from=build /image /
