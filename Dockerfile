# The image of the service. `--target demo` makes that of docker-compose.yml, which has the mocks too.

FROM rust:1-slim-bookworm AS source
WORKDIR /testribute
# Dependencies first, with empty crates: they are built again only when a manifest or the lock file changes.
COPY Cargo.toml Cargo.lock ./
COPY crates/testribute-mock/Cargo.toml crates/testribute-mock/
COPY benches benches
RUN for crate in . crates/*; do mkdir -p "$crate/src" && touch "$crate/src/lib.rs"; done \
    && mkdir -p tests/it \
    && touch tests/it/main.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked --bin testribute
COPY config config
COPY crates crates
COPY src src
# Cargo compares modification times, and the files of the empty crates are newer.
RUN touch src/lib.rs src/main.rs crates/*/src/lib.rs

# /image: the program and the shared libraries that it loads.
FROM source AS build
RUN cargo build --release --locked --no-default-features --bin testribute \
    && install -D target/release/testribute /image/usr/local/bin/testribute \
    && ldd target/release/testribute > /tmp/ldd \
    && grep --only-matching '/[^ ]*' /tmp/ldd > /tmp/libraries \
    && xargs cp --parents --target-directory=/image < /tmp/libraries

FROM source AS build-demo
RUN cargo build --release --locked --bin testribute \
    && install -D target/release/testribute /image/usr/local/bin/testribute \
    && ldd target/release/testribute > /tmp/ldd \
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
