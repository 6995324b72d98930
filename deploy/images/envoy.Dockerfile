# Envoy for our own gateways; the chart brings its configuration. Any image with Envoy 1.36 to 1.40 and its V8 runtime at
# /usr/local/bin/envoy will do. Build from anywhere: docker build -f deploy/images/envoy.Dockerfile -t graphway/envoy:0.1.0 .
FROM envoyproxy/envoy:distroless-v1.40.0
USER 8888:8888
ENTRYPOINT ["/usr/local/bin/envoy"]
