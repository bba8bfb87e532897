# The daemon in a container: docker build -t probed . && docker run --rm -p 127.0.0.1:8686:8686 probed --demo
FROM node:20-bookworm-slim AS build
WORKDIR /src
# better-sqlite3 is compiled where there is no binary of it for this platform.
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 make g++ \
 && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build \
 && npm prune --omit=dev --no-audit --no-fund

FROM node:20-bookworm-slim
ENV NODE_ENV=production \
    PROBED_HOST=0.0.0.0 \
    PROBED_PORT=8686 \
    PROBED_STATE_DIR=/var/lib/probed
WORKDIR /opt/probed
COPY --from=build /src/package.json /src/LICENSE /src/README.md ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/bin ./bin
COPY --from=build /src/dist ./dist
COPY --from=build /src/examples ./examples
# Data that is read at run time: the emulated kernel's BTF, symbols and formats, and headers for C sources.
COPY --from=build /src/libs/foundation/abi/data ./libs/foundation/abi/data
COPY --from=build /src/libs/service/assets/include ./libs/service/assets/include
RUN ln -s /opt/probed/bin/probectl /opt/probed/bin/probed /usr/local/bin/ \
 && install -d -o node -g node -m 0700 /var/lib/probed
USER node
VOLUME /var/lib/probed
EXPOSE 8686
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PROBED_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/probed/bin/probed"]
