FROM rust:1-slim-bookworm AS build
WORKDIR /testribute
# Dependencies first, with an empty program: they are built again only when they change.
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY crates crates
RUN mkdir -p src tests/it \
    && touch src/lib.rs tests/it/main.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked --bin testribute
COPY config config
COPY src src
# Cargo goes by the time of files, and those of the empty program are newer.
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --bin testribute
# What the program needs to run: the C library, and the certificates, without which no TLS connection can be checked.
RUN mkdir /runtime \
    && ldd target/release/testribute > /tmp/ldd \
    && grep --only-matching '/[^ ]*' /tmp/ldd > /tmp/libraries \
    && xargs cp --parents --target-directory=/runtime < /tmp/libraries \
    && cp --parents --target-directory=/runtime /etc/ssl/certs/ca-certificates.crt

# Nothing else: no shell, no package manager.
FROM scratch
COPY --from=build /runtime /
COPY --from=build /testribute/target/release/testribute /usr/local/bin/testribute
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=2s CMD ["/usr/local/bin/testribute", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/testribute"]
CMD ["serve"]
