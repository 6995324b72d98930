// The command `npm run cluster -- up|down|exec|load|logs|images`: a Kubernetes with Istio on this machine, in namespaces of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bringUp, findCluster, ClusterError, type Cluster } from "./cluster.ts";
import { layoutOf } from "./layout.ts";
import { enterWords, nodeEnvironment } from "./node/inside.ts";
import { stopNode } from "./node/node-process.ts";
import { ProgramError } from "./setup/run-program.ts";

const ROOT = join(import.meta.dirname, "..", "..");

const USAGE = `usage: npm run cluster -- <command>

  up                   build what is missing (minutes, once), bring the cluster up and leave it running
  down                 end it; nothing is left but caches below .graphway/cluster
  exec [command…]      run a command on the node, with kubectl, helm and ctr at hand; without one, a shell
  load                 bundle our programs anew and bring their images to the node; pods made from then on run them
  logs [daemon]        what the node's daemons say; with no name, their names
  images               the images that the node has
`;

async function main([command = "", ...words]: readonly string[]): Promise<number> {
  switch (command) {
    case "up": {
      await bringUp(ROOT, false);
      say("the cluster is up; try: npm run cluster -- exec kubectl get pods -A");
      return 0;
    }
    case "down":
      await stopNode(layoutOf(ROOT));
      say("the cluster is down");
      return 0;
    case "exec":
      return enter(await upCluster(), words.length === 0 ? ["bash"] : words);
    case "load": {
      const changed = await (await upCluster()).loadPrograms();
      say(changed.length === 0 ? "the node has these images already" : `brought ${changed.join(", ")}`);
      return 0;
    }
    case "logs":
      return showLogs(words[0]);
    case "images":
      process.stdout.write(await (await upCluster()).run(["ctr", "images", "ls"]));
      return 0;
    default:
      process.stderr.write(USAGE);
      return command === "help" || command === "--help" ? 0 : 2;
  }
}

async function upCluster(): Promise<Cluster> {
  const cluster = await findCluster(ROOT);
  if (cluster === undefined)
    throw new ClusterError("no cluster of this checkout is up; bring one up with: npm run cluster -- up");
  return cluster;
}

async function enter(cluster: Cluster, command: readonly string[]): Promise<number> {
  // A command names files as its caller does; npm itself always stands in the checkout.
  const folder = process.env["INIT_CWD"] ?? process.cwd();
  const [file = "", ...args] = [...enterWords(cluster.node, "node"), "env", "-C", folder, ...command];
  const env = { ...process.env, ...nodeEnvironment(cluster.layout, cluster.packages) };
  const child = spawn(file, args, { stdio: "inherit", env });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

function showLogs(daemon: string | undefined): number {
  const { logs } = layoutOf(ROOT);
  const names = existsSync(logs) ? readdirSync(logs).map((name) => name.replace(/\.log$/, "")) : [];
  if (daemon === undefined || !names.includes(daemon)) {
    process.stdout.write(names.length === 0 ? "there are no logs yet\n" : `${names.join("\n")}\n`);
    return daemon === undefined ? 0 : 2;
  }
  process.stdout.write(readFileSync(join(logs, `${daemon}.log`)));
  return 0;
}

function say(line: string): void {
  process.stderr.write(`cluster: ${line}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isForPeople = error instanceof ClusterError || error instanceof ProgramError;
  process.stderr.write(
    `cluster: ${isForPeople ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exitCode = 1;
}
