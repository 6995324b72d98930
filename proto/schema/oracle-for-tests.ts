import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const OWN = fileURLToPath(new URL(".", import.meta.url));
const PACKAGES = fileURLToPath(new URL("../../node_modules/", import.meta.url));
const ORACLE = join(PACKAGES, "@grpc/grpc-js-xds/deps");
const ORACLE_FOLDERS = [
  ...["envoy-api", "googleapis", "xds", "protoc-gen-validate"].map((name) => join(ORACLE, name)),
  join(PACKAGES, "protobufjs"),
];

/** Our own subset of Envoy's messages, read from the .proto files. */
export function loadOwnProtos(): protobuf.Root {
  return load([OWN], ownFiles());
}

/** The same files as Envoy's authors published them, as far as the copy on npm has them. */
export function loadOracleProtos(): protobuf.Root {
  const known = ownFiles().filter((file) => ORACLE_FOLDERS.some((folder) => existsSync(join(folder, file))));
  return load(ORACLE_FOLDERS, known);
}

function ownFiles(): readonly string[] {
  return ["envoy", "xds", "google"].flatMap((folder) =>
    readdirSync(join(OWN, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".proto"))
      .map((name) => join(folder, name)),
  );
}

function load(folders: readonly string[], files: readonly string[]): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => {
    const found = folders.map((folder) => join(folder, target)).find((path) => existsSync(path));
    return found ?? target;
  };
  root.loadSync([...files], { keepCase: true });
  root.resolveAll();
  return root;
}
