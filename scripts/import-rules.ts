import type { ImportEdge } from "./import-graph.ts";
import {
  ORCHESTRATOR_IMPORTS,
  ORCHESTRATOR_PATHS,
  ORCHESTRATOR_ROOMS,
  type OrchestratorRoom,
} from "./orchestrator-rooms.ts";

/** The rooms of the house by their folders; the first prefix that fits wins. */
const ROOMS = {
  problem: "control-plane/src/problem/",
  model: "control-plane/src/model/",
  /** Client and vocabulary of the Kubernetes API. */
  "kubernetes-api": "control-plane/src/kubernetes-api/",
  source: "control-plane/src/source/",
  plan: "control-plane/src/plan/",
  render: "control-plane/src/render/",
  deliver: "control-plane/src/deliver/",
  app: "control-plane/src/app/",
  /** Starts the control plane in a cluster. */
  "control-plane": "control-plane/bin/",
  /** Sets up real nodes and clients, and starts the tests with them. */
  interop: "orchestrator/interop/run.",
  ...ORCHESTRATOR_PATHS,
  /** What wires its rooms, their tests, benches and interop. */
  orchestrator: "orchestrator/",
  "filter/assembly": "filter/assembly/",
  filter: "filter/",
  "proto/gen": "build/proto/",
  "proto/vocabulary": "proto/vocabulary/",
  proto: "proto/",
  /** What `npx graphway` starts, on any Node and before anything is installed. */
  launcher: "cli/bin/",
  cli: "cli/",
  examples: "examples/",
  /** What is shipped: bundles and their images, the Helm chart. */
  deploy: "deploy/",
  e2e: "e2e/",
  /** The search for Envoy, which set-up and the running program share. */
  envoy: "scripts/envoy.",
  /** Ports for servers of tests. */
  "test-ports": "scripts/free-port-for-tests.",
  /** A program below its starter, as `npm start` and the command run it. */
  starter: "scripts/own-group.",
  /** Brings what is not installed or built yet. */
  setup: "scripts/setup.",
  scripts: "scripts/",
  settings: "",
} as const satisfies Record<string, string>;

export type Room = keyof typeof ROOMS;
export const ROOM_NAMES = Object.keys(ROOMS) as readonly Room[];

const PROTO = ["proto", "proto/vocabulary", "proto/gen"] as const;
const CONTROL_PLANE = ["problem", "model", "kubernetes-api", "source", "plan", "render", "deliver", "app"] as const;

/** What each room may import beside itself: app > deliver > render > plan > model > problem, and proto beside them. */
const ALLOWED: Readonly<Record<Room, readonly Room[]>> = {
  problem: [],
  model: ["problem", ...PROTO],
  "kubernetes-api": [],
  source: ["kubernetes-api", "problem"],
  plan: ["model", "problem", ...PROTO],
  render: ["plan", "kubernetes-api", "problem", ...PROTO],
  deliver: ["render", "kubernetes-api", "plan", "model", "problem", ...PROTO],
  app: ["deliver", "source", "kubernetes-api", "render", "plan", "model", "problem", ...PROTO, "envoy"],
  "control-plane": [...CONTROL_PLANE, ...PROTO],
  interop: ["setup"],
  ...withProto(ORCHESTRATOR_IMPORTS),
  orchestrator: [...ORCHESTRATOR_ROOMS, ...PROTO],
  "filter/assembly": ["proto/vocabulary"],
  filter: ["filter/assembly", ...PROTO],
  "proto/gen": [],
  "proto/vocabulary": [],
  proto: ["proto/vocabulary", "proto/gen"],
  launcher: ["starter", "setup"],
  cli: [...CONTROL_PLANE, ...PROTO, "envoy"],
  examples: [...PROTO],
  /** Parts of the chart are what is rendered, with values of Helm in it. */
  deploy: ["render"],
  e2e: ROOM_NAMES,
  envoy: [],
  "test-ports": [],
  starter: [],
  setup: ["envoy"],
  scripts: ROOM_NAMES,
  settings: [],
};

function withProto(
  rooms: Readonly<Record<OrchestratorRoom, readonly OrchestratorRoom[]>>,
): Readonly<Record<OrchestratorRoom, readonly Room[]>> {
  const all = Object.entries(rooms).map(([room, others]) => [room, [...others, ...PROTO]]);
  return Object.fromEntries(all) as Readonly<Record<OrchestratorRoom, readonly Room[]>>;
}

/** What any test may start: an Envoy, and a server on a free port. */
const FOR_ANY_TEST: readonly Room[] = ["envoy", "test-ports"];
/** Tests of the control plane may fetch their input from any of its rooms. */
const ALLOWED_IN_TESTS: readonly Room[] = [...CONTROL_PLANE, ...PROTO];
const ALLOWED_IN_ORCHESTRATOR_TESTS: readonly Room[] = ["orchestrator", ...ORCHESTRATOR_ROOMS, ...PROTO];
const TESTS_BOUND_AS_CODE: readonly Room[] = ["filter", "filter/assembly", "proto", "examples"];

/** The room that a module belongs to. */
export function roomOf(path: string): Room {
  return ROOM_NAMES.find((room) => path.startsWith(ROOMS[room])) ?? "settings";
}

/** True for tests, for what only tests use, and for benches and interop, which borrow the doubles of their room's tests. */
export function isTestCode(path: string): boolean {
  return /\.test\.ts$|(^|\/)(tests|testdata|bench|interop)\/|-for-tests\.ts$|^e2e\//.test(path);
}

function mayImport(from: string, to: string): boolean {
  const [own, other] = [roomOf(from), roomOf(to)];
  if (isTestCode(to) && !isTestCode(from)) return false;
  if (own === other || ALLOWED[own].includes(other)) return true;
  if (!isTestCode(from)) return false;
  if (FOR_ANY_TEST.includes(other)) return true;
  if (own.startsWith("orchestrator")) return ALLOWED_IN_ORCHESTRATOR_TESTS.includes(other);
  return !TESTS_BOUND_AS_CODE.includes(own) && ALLOWED_IN_TESTS.includes(other);
}

/** The imports that go the wrong way, each as a sentence. */
export function findForbidden(edges: readonly ImportEdge[]): readonly string[] {
  return edges
    .filter(({ from, to }) => !mayImport(from, to))
    .map(({ from, to }) => `${from} (${roomOf(from)}) must not import ${to} (${roomOf(to)})`);
}
