import assert from "node:assert/strict";
import { it } from "node:test";
import protobuf from "protobufjs";
import { loadOracleProtos, loadOwnProtos } from "./oracle-for-tests.ts";

/** What Envoy has gained since the oracle was made; numbers as in the descriptors of the Envoy 1.40.0 binary. */
const NEWER_THAN_ORACLE = [
  "envoy.config.common.mutation_rules.v3.HeaderMutation.RemoveOnMatch: message",
  "envoy.config.common.mutation_rules.v3.HeaderMutation.RemoveOnMatch.key_matcher: .envoy.type.matcher.v3.StringMatcher = 1",
  "envoy.config.common.mutation_rules.v3.HeaderMutation.remove_on_match: .envoy.config.common.mutation_rules.v3.HeaderMutation.RemoveOnMatch = 3 in action",
  "envoy.config.route.v3.Route.request_body_buffer_limit: .google.protobuf.UInt64Value = 20",
  "envoy.config.route.v3.RouteAction.RequestMirrorPolicy.request_headers_mutations: repeated .envoy.config.common.mutation_rules.v3.HeaderMutation = 7",
  "envoy.config.route.v3.VirtualHost.request_body_buffer_limit: .google.protobuf.UInt64Value = 25",
  "envoy.extensions.wasm.v3.FailurePolicy.FAIL_CLOSED: 2",
  "envoy.extensions.wasm.v3.FailurePolicy.FAIL_OPEN: 3",
  "envoy.extensions.wasm.v3.FailurePolicy.FAIL_RELOAD: 1",
  "envoy.extensions.wasm.v3.FailurePolicy.UNSPECIFIED: 0",
  "envoy.extensions.wasm.v3.PluginConfig.allow_on_headers_stop_iteration: .google.protobuf.BoolValue = 9",
  "envoy.extensions.wasm.v3.PluginConfig.failure_policy: .envoy.extensions.wasm.v3.FailurePolicy = 7",
  "envoy.extensions.wasm.v3.PluginConfig.reload_config: .envoy.extensions.wasm.v3.ReloadConfig = 8",
  "envoy.extensions.wasm.v3.ReloadConfig: message",
  "envoy.extensions.wasm.v3.ReloadConfig.backoff: .envoy.config.core.v3.BackoffStrategy = 1",
];

function describeField(field: protobuf.Field): string {
  field.resolve();
  const type = field.resolvedType?.fullName ?? field.type;
  const shape = field instanceof protobuf.MapField ? `map<${field.keyType}> ` : field.repeated ? "repeated " : "";
  const oneof = field.partOf === null ? "" : ` in ${field.partOf.name}`;
  return `${shape}${type} = ${field.id}${oneof}`;
}

/** Every message, field and enum value, each with what a wire format depends on. */
function facts(namespace: protobuf.NamespaceBase, into = new Map<string, string>()): Map<string, string> {
  for (const nested of namespace.nestedArray) {
    const name = nested.fullName.slice(1);
    if (nested instanceof protobuf.Enum)
      for (const [value, number] of Object.entries(nested.values)) into.set(`${name}.${value}`, String(number));
    if (nested instanceof protobuf.Type) {
      into.set(name, "message");
      for (const field of nested.fieldsArray) into.set(`${name}.${field.name}`, describeField(field));
    }
    if (nested instanceof protobuf.Namespace) facts(nested, into);
  }
  return into;
}

it("says of every message what Envoy's own protos say", () => {
  const own = facts(loadOwnProtos());
  const oracle = facts(loadOracleProtos());
  const conflicts = [...own].filter(([name, fact]) => oracle.has(name) && oracle.get(name) !== fact);
  assert.deepEqual(
    conflicts.map(([name, fact]) => `${name}: ${fact}; the oracle says ${String(oracle.get(name))}`),
    [],
  );
  const unknown = [...own].filter(([name]) => !oracle.has(name)).map(([name, fact]) => `${name}: ${fact}`);
  assert.deepEqual(unknown.sort(), NEWER_THAN_ORACLE.toSorted());
  assert.ok(own.size > 600, `only ${own.size} facts were compared`);
});
