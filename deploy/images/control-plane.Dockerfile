# Build from the root of the checkout: docker build -f deploy/images/control-plane.Dockerfile -t graphway/control-plane:0.1.0 .
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/build.mjs && node deploy/images/bundle.ts control-plane

FROM node:24-slim
COPY --from=build /src/build/images/control-plane /app
WORKDIR /app
USER 8888:8888
ENTRYPOINT ["/usr/local/bin/node", "/app/control-plane.mjs"]
