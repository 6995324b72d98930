import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEFAULT_MODEL_SETTINGS } from "../../../model/settings.ts";
import { DEFAULT_PLAN_OPTIONS } from "../../../plan/options.ts";
import type { ClusterSettings } from "./cluster-settings.ts";
import { OWN_FLAGS, SELDON_FLAGS } from "./flag-table.ts";
import { readSettings } from "./read-settings.ts";
import { faultOf } from "./read-value.ts";
import type { SettingSpec } from "./setting-spec.ts";
import { VARIABLES } from "./variable-table.ts";

type Environment = Readonly<Record<string, string>>;

function read(args: readonly string[] = [], env: Environment = {}): ClusterSettings {
  const found = readSettings(args, env);
  assert.equal(found.kind, "settings", JSON.stringify(found));
  return found.settings;
}

function refused(args: readonly string[], env: Environment = {}): readonly string[] {
  const found = readSettings(args, env);
  assert.equal(found.kind, "wrong");
  return found.messages;
}

function warned(args: readonly string[], env: Environment = {}): readonly string[] {
  const found = readSettings(args, env);
  assert.equal(found.kind, "settings", JSON.stringify(found));
  return found.warnings;
}

describe("settings of the control plane", () => {
  it("are Seldon's Helm chart's when nobody says anything", () => {
    const settings = read();
    const { workloads, ...plan } = settings.plan;
    const { workloads: expectedWorkloads, ...expectedPlan } = DEFAULT_PLAN_OPTIONS;
    assert.deepEqual(plan, expectedPlan);
    assert.deepEqual(workloads, {
      ...expectedWorkloads,
      orchestrator: {
        ...expectedWorkloads.orchestrator,
        xdsServer: "graphway-xds.seldon-system.svc.cluster.local:18000",
      },
    });
    assert.deepEqual(settings.model, DEFAULT_MODEL_SETTINGS);
    assert.deepEqual(settings.rollout, {
      istio: false,
      keda: false,
      drainMs: 10_000,
      settleMs: 0,
      adopt: "keep",
      graphsByXds: true,
      istioTlsMode: "",
      istioOptions: { namedEntries: false },
    });
    assert.equal(settings.ownNamespace, "seldon-system");
    assert.equal(settings.namespace, undefined);
    assert.equal(settings.leader, undefined);
    assert.deepEqual(settings.metrics, { host: "0.0.0.0", port: 8080 });
  });

  it("have initial values that their own kinds allow", () => {
    for (const [name, spec] of Object.entries<SettingSpec>({ ...SELDON_FLAGS, ...OWN_FLAGS, ...VARIABLES }))
      if (spec.initial !== "") assert.equal(faultOf(spec, spec.initial), undefined, name);
  });

  const effects: readonly (readonly [Environment, (settings: ClusterSettings) => unknown, unknown])[] = [
    [{ ISTIO_ENABLED: "true" }, (one) => one.rollout.istio, true],
    [{ ISTIO_GATEWAY: "mine" }, (one) => one.plan.gateway, "mine"],
    [{ ISTIO_TLS_MODE: "ISTIO_MUTUAL" }, (one) => one.rollout.istioTlsMode, "ISTIO_MUTUAL"],
    [{ KEDA_ENABLED: "true" }, (one) => one.rollout.keda && one.plan.workloads.keda, true],
    [{ DEFAULT_USER_ID: "" }, (one) => one.plan.workloads.defaultUserId, ""],
    [{ CONTROLLER_ID: "two" }, (one) => one.controllerId, "two"],
    [{ POD_NAMESPACE: "mine" }, (one) => one.ownNamespace, "mine"],
    [{ WATCH_NAMESPACE: "theirs" }, (one) => one.namespace, "theirs"],
    [{ EXECUTOR_SERVER_PORT: "9090" }, (one) => one.plan.orchestratorHttpPort, 9090],
    [{ ENGINE_SERVER_PORT: "9091", EXECUTOR_SERVER_PORT: "" }, (one) => one.plan.orchestratorHttpPort, 9091],
    [{ ENGINE_SERVER_GRPC_PORT: "9092" }, (one) => one.plan.orchestratorGrpcPort, 9092],
    [{ EXECUTOR_CONTAINER_IMAGE_AND_VERSION: "a:1" }, (one) => one.plan.workloads.orchestrator.image, "a:1"],
    [
      { EXECUTOR_CONTAINER_IMAGE_AND_VERSION: "a:1", RELATED_IMAGE_EXECUTOR: "b:1" },
      (one) => one.plan.workloads.orchestrator.image,
      "b:1",
    ],
    [{ EXECUTOR_DEFAULT_CPU_LIMIT: "2" }, (one) => one.plan.workloads.orchestrator.limits["cpu"], "2"],
    [{ EXECUTOR_FULL_HEALTH_CHECKS: "true" }, (one) => one.plan.workloads.orchestrator.fullHealthChecks, true],
    [{ PREDICTIVE_UNIT_HTTP_SERVICE_PORT: "7000" }, (one) => one.model.firstHttpPort, 7000],
    [{ DEPLOYMENT_NAME_AS_PREFIX: "True" }, (one) => one.plan.deploymentNameAsPrefix, true],
    [{ RELATED_IMAGE_MLFLOWSERVER: "m:1" }, (one) => one.relatedImages, { RELATED_IMAGE_MLFLOWSERVER: "m:1" }],
  ];
  for (const [env, look, expected] of effects)
    it(`${JSON.stringify(env)} counts`, () => {
      assert.deepEqual(look(read([], env)), expected);
    });

  it("are read from flags in every form of Go's", () => {
    const settings = read(["--enable-leader-election", "-metrics-addr=127.0.0.1:9", "--drain", "1m5s", "--adopt=roll"]);
    assert.deepEqual(settings.leader, {
      leaseName: "a33bd623.machinelearning.seldon.io",
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2000,
    });
    assert.deepEqual(settings.metrics, { host: "127.0.0.1", port: 9 });
    assert.equal(settings.rollout.drainMs, 65_000);
    assert.equal(settings.rollout.adopt, "roll");
  });

  it("tell orchestrators where the graphs are, by TLS where there is a certificate", () => {
    const server = (...args: readonly string[]): string | undefined => read(args).plan.workloads.orchestrator.xdsServer;
    assert.equal(server("--xds-server=none"), undefined);
    assert.equal(server("--xds-server=10.0.0.1:1"), "10.0.0.1:1");
    assert.equal(
      server("--xds-cert-file=c", "--xds-key-file=k", "--xds-port=7", "--operator-namespace=mine"),
      "https://graphway-xds.mine.svc.cluster.local:7",
    );
  });

  const wrong: readonly (readonly [readonly string[], Environment, string])[] = [
    [[], { ISTIO_ENABLED: "yes" }, 'ISTIO_ENABLED: "yes" is not true or false'],
    [[], { ISTIO_TLS_MODE: "STRICT" }, 'ISTIO_TLS_MODE: "STRICT" is not one of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL'],
    [[], { ENGINE_SERVER_PORT: "70000" }, 'ENGINE_SERVER_PORT: "70000" is not a port number'],
    [[], { EXECUTOR_DEFAULT_MEMORY_LIMIT: "lots" }, 'EXECUTOR_DEFAULT_MEMORY_LIMIT: "lots" is not a quantity'],
    [[], { DEFAULT_USER_ID: "root" }, 'DEFAULT_USER_ID: "root" is not a user'],
    [["--metrics-adr=:1"], {}, "--metrics-adr=:1 is no flag; did you mean --metrics-addr?"],
    [["--metrics-addr=8080"], {}, '--metrics-addr: "8080" is not host:port'],
    [["--drain"], {}, "--drain needs a value"],
    [["--workers=0"], {}, "--workers"],
    [["--max-table-bytes=0"], {}, '--max-table-bytes: "0" is no size of a table; give 1 to 4194304'],
    [["--max-table-bytes=4194305"], {}, "--max-table-bytes"],
    [["--xds-cert-file=c"], {}, "--xds-cert-file and --xds-key-file go together"],
    [["--leader-election-renew-deadline-secs=15"], {}, "must be below --leader-election-lease-duration-secs"],
  ];
  for (const [args, env, expected] of wrong)
    it(`${[...args, ...Object.entries(env).map((one) => one.join("="))].join(" ")} is refused`, () => {
      assert.ok(refused(args, env).join("\n").includes(expected), refused(args, env).join("\n"));
    });

  it("say everything that is wrong at once", () => {
    assert.equal(refused(["--drain=soon"], { KEDA_ENABLED: "2", ENGINE_SERVER_PORT: "x" }).length, 3);
  });

  it("warn of what has no effect", () => {
    assert.deepEqual(warned([], { AMBASSADOR_ENABLED: "true", AMBASSADOR_VERSION: "v2" }), [
      "AMBASSADOR_ENABLED has no effect: Ambassador's objects are not written",
    ]);
    assert.deepEqual(warned([], { ISTIO_ENABELD: "true" }), ["ISTIO_ENABELD is not known and has no effect"]);
    assert.match(
      warned([], { ENGINE_SERVER_PORT: "1", EXECUTOR_SERVER_PORT: "2" }).join(),
      /ENGINE_SERVER_PORT=1 wins/,
    );
    assert.match(warned(["--leader-election-resource-lock=configmaps"]).join(), /elected by a Lease/);
  });
});
