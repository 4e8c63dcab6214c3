# The webhook: one static program, the policy, and nothing else.
FROM rust:1.95-slim AS build
WORKDIR /src
COPY . .
RUN cargo xtask image

FROM scratch
COPY --from=build /src/dist/image/ /
USER 65532:65532
EXPOSE 8443
ENTRYPOINT ["/rollgate"]
CMD ["serve", "--policy=/policy.wasm"]
