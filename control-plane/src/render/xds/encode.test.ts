import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import protojson from "protobufjs/ext/protojson.js";
import type protobuf from "protobufjs";
import { loadOracleProtos } from "../../../../proto/schema/oracle-for-tests.ts";
import { decodeResource, encodeResource } from "./encode.ts";
import { ProtoJsonError } from "./proto-json-error.ts";
import type { Json, JsonObject, XdsResource } from "./resource.ts";
import { messageOfTypeUrl } from "./schema.ts";

const PREFIX = "type.googleapis.com/";
const CLUSTER = `${PREFIX}envoy.config.cluster.v3.Cluster`;
const ROUTES = `${PREFIX}envoy.config.route.v3.RouteConfiguration`;
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** A body for every kind of field: scalars, enums, lists, maps, oneofs, wrappers, durations, structs, bytes, Any in Any. */
const BODIES: readonly XdsResource[] = [
  {
    typeUrl: CLUSTER,
    name: "cluster",
    body: {
      name: "cluster",
      type: "EDS",
      eds_cluster_config: { service_name: "é 漢 😀", eds_config: { ads: {}, resource_api_version: "V3" } },
      connect_timeout: "0.250s",
      per_connection_buffer_limit_bytes: 32768,
      circuit_breakers: {
        thresholds: [{ priority: "HIGH", max_requests: 0, retry_budget: { budget_percent: { value: 12.5 } } }],
      },
      typed_extension_protocol_options: {
        [HTTP_OPTIONS]: {
          "@type": PREFIX + HTTP_OPTIONS,
          explicit_http_config: { http2_protocol_options: { max_concurrent_streams: 100 } },
          http_filters: [
            {
              name: "codec",
              typed_config: { "@type": `${PREFIX}envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec` },
            },
          ],
        },
      },
      metadata: { filter_metadata: { ours: { n: -1.5, s: "x", yes: true, none: null, list: [1, "a", { deep: [] }] } } },
    },
  },
  {
    typeUrl: ROUTES,
    name: "routes",
    body: {
      name: "routes",
      virtual_hosts: [
        {
          name: "all",
          domains: ["*", "a.example"],
          routes: [
            {
              match: { prefix: "/a", headers: [{ name: "h", string_match: { exact: "v", ignore_case: true } }] },
              route: {
                weighted_clusters: {
                  clusters: [
                    { name: "one", weight: 3 },
                    { name: "two", weight: 0 },
                  ],
                },
                retry_policy: { retry_on: "5xx", retriable_status_codes: [503, 429], num_retries: 2 },
                timeout: "-1s",
              },
            },
            { match: { path: "" }, direct_response: { status: 404, body: { inline_string: "no\n" } } },
            { match: { safe_regex: { regex: "a+" } }, route: { cluster_header: "x", host_rewrite_literal: "" } },
          ],
        },
      ],
    },
  },
  {
    typeUrl: `${PREFIX}envoy.config.core.v3.TypedExtensionConfig`,
    name: "filter",
    body: {
      name: "filter",
      typed_config: {
        "@type": `${PREFIX}envoy.extensions.filters.http.wasm.v3.Wasm`,
        config: {
          name: "filter",
          vm_config: { vm_id: "v", code: { local: { inline_bytes: "AAEC/w==" } } },
          configuration: { "@type": `${PREFIX}google.protobuf.BytesValue`, value: "AP8=" },
        },
      },
    },
  },
];

/** JSON form that two readers agree on: no defaults spelled out, durations in one form. */
function decodedBy(root: protobuf.Root, { typeUrl, bytes }: { typeUrl: string; bytes: Uint8Array }): Json {
  const type = root.lookupType(typeUrl.slice(PREFIX.length));
  for (const field of fieldsBelow(root)) (field as { jsonName?: string }).jsonName = field.name;
  return protojson.toJson(type, type.decode(bytes)) as Json;
}

function* fieldsBelow(namespace: protobuf.NamespaceBase): Generator<protobuf.FieldBase> {
  for (const nested of namespace.nestedArray) {
    if ("fieldsArray" in nested) yield* (nested as protobuf.Type).fieldsArray;
    if ("nestedArray" in nested) yield* fieldsBelow(nested as protobuf.NamespaceBase);
  }
}

describe("encodeResource", () => {
  it("writes what Envoy's own protos read back as the same", () => {
    const oracle = loadOracleProtos();
    for (const resource of BODIES) {
      const encoded = encodeResource(resource);
      assert.deepEqual(decodedBy(oracle, encoded), decodeResource(encoded), resource.name);
    }
  });

  it("means the same as another reader of proto3 JSON", () => {
    for (const resource of BODIES) {
      const type = messageOfTypeUrl(resource.typeUrl);
      assert.ok(type);
      const other = type.encode(protojson.fromJson(type, resource.body)).finish();
      assert.deepEqual(decodeResource(encodeResource(resource)), decodeResource({ ...resource, bytes: other }));
    }
  });

  it("gives equal bytes for equal bodies, however they are ordered", () => {
    fc.assert(
      fc.property(fc.constantFrom(...BODIES), fc.integer(), (resource, seed) => {
        const shuffled = encodeResource({ ...resource, body: shuffleKeys(resource.body, seed) as JsonObject });
        assert.deepEqual(shuffled, encodeResource(resource));
      }),
    );
  });

  it("gives other versions for other bodies", () => {
    const versions = ["a", "b", "c"].map((name) => encodeResource({ typeUrl: CLUSTER, name, body: { name } }).version);
    assert.equal(new Set(versions).size, 3);
  });

  it("encodes graphs for orchestrators the same way", () => {
    const body = { namespace: "n", protocol: "PROTOCOL_V2", root: { name: "m", methods: ["ROUTE", "AGGREGATE"] } };
    const encoded = encodeResource({ typeUrl: `${PREFIX}graphway.v1.InferenceGraph`, name: "n/d/p", body });
    assert.deepEqual(decodeResource(encoded), body);
  });
});

/** What must be refused, and how the refusal begins. */
const REFUSED: readonly (readonly [JsonObject, string])[] = [
  [{ naem: "x" }, 'Cluster "c" at naem: no such field in envoy.config.cluster.v3.Cluster'],
  [{ edsClusterConfig: {} }, 'Cluster "c" at edsClusterConfig: no such field'],
  [{ name: 1 }, 'Cluster "c" at name: must be a string'],
  [{ name: null }, 'Cluster "c" at name: has no value'],
  [{ name: "\ud800" }, 'Cluster "c" at name: must be a string'],
  [{ type: 3 }, 'Cluster "c" at type: must be a name of'],
  [{ type: "toString" }, 'Cluster "c" at type: must be a name of'],
  [{ type: "EDS", load_assignment: [] }, 'Cluster "c" at load_assignment: must be an object'],
  [{ health_checks: {} }, 'Cluster "c" at health_checks: must be a list'],
  [{ health_checks: [{ timeout: "1" }] }, 'Cluster "c" at health_checks[0].timeout: must be a duration'],
  [{ per_connection_buffer_limit_bytes: -1 }, 'Cluster "c" at per_connection_buffer_limit_bytes: must be an integer'],
  [{ per_connection_buffer_limit_bytes: 1.5 }, 'Cluster "c" at per_connection_buffer_limit_bytes: must be an integer'],
  [{ per_connection_buffer_limit_bytes: 2 ** 32 }, 'Cluster "c" at per_connection_buffer_limit_bytes: must be'],
  [{ respect_dns_ttl: "true" }, 'Cluster "c" at respect_dns_ttl: must be true or false'],
  [
    { ring_hash_lb_config: {}, least_request_lb_config: {} },
    'Cluster "c" at least_request_lb_config: excludes ring_hash_lb_config: both belong to oneof lb_config',
  ],
  [
    { typed_extension_protocol_options: { 'a"b': { x: 1 } } },
    'Cluster "c" at typed_extension_protocol_options["a\\"b"].@type: is missing',
  ],
  [
    { typed_extension_protocol_options: { a: { "@type": "type.googleapis.com/no.Such" } } },
    'Cluster "c" at typed_extension_protocol_options["a"].@type: no message is known',
  ],
  [
    { typed_extension_protocol_options: { a: { "@type": `${PREFIX}google.protobuf.BytesValue`, value: "!!" } } },
    'Cluster "c" at typed_extension_protocol_options["a"]: must be base64',
  ],
  [
    { typed_extension_protocol_options: { a: { "@type": `${PREFIX}google.protobuf.BytesValue`, x: 1 } } },
    'Cluster "c" at typed_extension_protocol_options["a"].x: only "value"',
  ],
];

describe("encodeResource refuses", () => {
  for (const [body, message] of REFUSED)
    it(JSON.stringify(body), () => {
      assert.throws(
        () => encodeResource({ typeUrl: CLUSTER, name: "c", body }),
        (error) => {
          assert.ok(error instanceof ProtoJsonError);
          assert.ok(error.message.startsWith(message), error.message);
          return true;
        },
      );
    });

  it("a type it does not know", () => {
    assert.throws(() => encodeResource({ typeUrl: "x/y", name: "c", body: {} }), /no message is known for x\/y/);
  });
});

function shuffleKeys(value: Json, seed: number): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((one) => shuffleKeys(one, seed));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, one]): [string, Json] => [key, shuffleKeys(one, seed)]);
  const turn = Math.abs(seed) % Math.max(1, entries.length);
  return Object.fromEntries([...entries.slice(turn), ...entries.slice(0, turn)].reverse());
}
