// Builds what is generated: protobuf code (build/proto) and the filter (build/filter). Skips what is up to date. Builds that
// run at once don't disturb each other: each makes its files in a folder of its own and moves them into place.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeFiles } from "./descriptors.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const schema = join(root, "proto", "schema");

/** Generated modules: name in build/proto -> the .proto files in proto/schema that it holds. */
const PROTO_MODULES = {
  discovery: ["envoy/service/discovery/v3/discovery.proto"],
  inference: ["inference/grpc_service.proto"],
  "inference-graph": ["inference_graph.proto"],
  seldon: ["seldon/tensor.proto", "seldon/prediction.proto"],
  tensorflow: ["tensorflow_serving/apis.proto"],
};

function hashOf(...contents) {
  const hash = createHash("sha256");
  for (const content of contents) hash.update(content);
  return hash.digest("hex");
}

function hashOfInputs(paths) {
  return hashOf(...paths.flatMap((path) => [path, readFileSync(path)]));
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

/** What an output and its inputs are: differs when either was changed, or came from another build. */
function stateOf(output, inputsHash) {
  return `inputs ${inputsHash}\noutput ${hashOf(readFileSync(output))}\n`;
}

function isUpToDate(output, stamp, inputsHash) {
  return existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === stateOf(output, inputsHash);
}

/**
 * Runs `make(path)`, which writes a file of the output's name and may write others beside it, unless the output is up to date.
 * The stamp is moved into place last. It names the output's content, so a stamp beside the output of another build, of other
 * inputs, is no stamp.
 */
function rebuild(output, inputs, make) {
  const stamp = `${output}.inputs`;
  const inputsHash = hashOfInputs(inputs);
  if (isUpToDate(output, stamp, inputsHash)) return;
  const folder = dirname(output);
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(root, "build", ".making-"));
  try {
    const made = join(work, basename(output));
    make(made);
    const state = stateOf(made, inputsHash);
    for (const name of readdirSync(work)) renameSync(join(work, name), join(folder, name));
    writeFileSync(join(work, basename(stamp)), state);
    renameSync(join(work, basename(stamp)), stamp);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function nodeTool(file, ...args) {
  execFileSync(process.execPath, [join(root, "node_modules", file), ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
}

function buildProto(name, files) {
  const output = join(root, "build", "proto", `${name}.js`);
  const inputs = [...filesBelow(schema).filter((path) => path.endsWith(".proto")), fileURLToPath(import.meta.url)];
  const how = ["-t", "static-module", "-w", "esm", "--dts", "--no-delimited", "--no-service", "-r", name, "-p", schema];
  rebuild(output, inputs, (made) => {
    nodeTool("protobufjs-cli/bin/pbjs", ...how, "-o", made, ...files.map((file) => join(schema, file)));
  });
}

/** Everything an xDS resource can hold, by the names of the .proto files, for reflection at run time. */
function buildXdsBundle() {
  const output = join(root, "build", "proto", "xds.json");
  const files = ["envoy", "xds"].flatMap((folder) => filesBelow(join(schema, folder)));
  const inputs = [...files, join(schema, "inference_graph.proto")].filter((path) => path.endsWith(".proto"));
  rebuild(output, [...inputs, fileURLToPath(import.meta.url)], (made) => {
    nodeTool("protobufjs-cli/bin/pbjs", "-t", "json", "--keep-case", "-p", schema, "-o", made, ...inputs);
  });
}

/** The services of the orchestrator, for server reflection. */
function buildDescriptors() {
  const files = [
    "seldon/prediction.proto",
    "inference/grpc_service.proto",
    "tensorflow_serving/apis.proto",
    "grpc/health/v1/health.proto",
    "grpc/reflection/v1/reflection.proto",
    "grpc/reflection/v1alpha/reflection.proto",
  ];
  const own = [fileURLToPath(import.meta.url), fileURLToPath(new URL("descriptors.mjs", import.meta.url))];
  const inputs = filesBelow(schema).filter((path) => path.endsWith(".proto"));
  rebuild(join(root, "build", "proto", "descriptors.json"), [...inputs, ...own], (made) => {
    writeFileSync(made, JSON.stringify(describeFiles(schema, files)));
  });
}

/** The filter. Built from the root and with the pinned compiler the bytes are the same everywhere. */
function buildFilter() {
  const settings = join(root, "asconfig.json");
  const sources = ["filter/assembly", "proto/vocabulary"].flatMap((folder) => filesBelow(join(root, folder)));
  const compiler = join(root, "node_modules", "assemblyscript", "package.json");
  const output = join(root, "build", "filter", "filter.wasm");
  const how = ["filter/assembly/index.ts", "--config", settings, "--target", "release"];
  rebuild(output, [...sources, settings, compiler, fileURLToPath(import.meta.url)], (made) => {
    nodeTool("assemblyscript/bin/asc.js", ...how, "--outFile", made);
  });
}

for (const [name, files] of Object.entries(PROTO_MODULES)) buildProto(name, files);
buildXdsBundle();
buildDescriptors();
buildFilter();
