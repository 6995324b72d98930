// Builds what is generated: protobuf code (build/proto) and the filter (build/filter). Skips what is up to date.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const schema = join(root, "proto", "schema");

/** Generated modules: name in build/proto -> the .proto files in proto/schema that it holds. */
const PROTO_MODULES = {
  discovery: ["envoy/service/discovery/v3/discovery.proto"],
  "inference-graph": ["inference_graph.proto"],
  seldon: ["seldon/tensor.proto", "seldon/prediction.proto"],
};

function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(path).update(readFileSync(path));
  return hash.digest("hex");
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

/** Runs `make` unless its inputs are those of the last build and `output` is there. */
function rebuild(output, inputs, make) {
  const stamp = `${output}.inputs`;
  const now = hashOf(inputs);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  mkdirSync(dirname(output), { recursive: true });
  make();
  writeFileSync(stamp, now);
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
  rebuild(output, inputs, () => {
    nodeTool(
      "protobufjs-cli/bin/pbjs",
      ...[
        "-t",
        "static-module",
        "-w",
        "esm",
        "--dts",
        "--no-delimited",
        "--no-service",
        "-r",
        name,
        "-p",
        schema,
        "-o",
        output,
      ],
      ...files.map((file) => join(schema, file)),
    );
  });
}

/** Everything an xDS resource can hold, by the names of the .proto files, for reflection at run time. */
function buildXdsBundle() {
  const output = join(root, "build", "proto", "xds.json");
  const files = ["envoy", "xds"].flatMap((folder) => filesBelow(join(schema, folder)));
  const inputs = [...files, join(schema, "inference_graph.proto")].filter((path) => path.endsWith(".proto"));
  rebuild(output, [...inputs, fileURLToPath(import.meta.url)], () => {
    nodeTool("protobufjs-cli/bin/pbjs", "-t", "json", "--keep-case", "-p", schema, "-o", output, ...inputs);
  });
}

/** The filter. Built from the root and with the pinned compiler the bytes are the same everywhere. */
function buildFilter() {
  const settings = join(root, "asconfig.json");
  const sources = ["filter/assembly", "proto/vocabulary"].flatMap((folder) => filesBelow(join(root, folder)));
  const compiler = join(root, "node_modules", "assemblyscript", "package.json");
  const output = join(root, "build", "filter", "filter.wasm");
  rebuild(output, [...sources, settings, compiler, fileURLToPath(import.meta.url)], () => {
    nodeTool("assemblyscript/bin/asc.js", "filter/assembly/index.ts", "--config", settings, "--target", "release");
  });
}

for (const [name, files] of Object.entries(PROTO_MODULES)) buildProto(name, files);
buildXdsBundle();
buildFilter();
