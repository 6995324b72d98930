import { env, stderr, stdout } from "node:process";
import { previewCluster } from "../control-plane/src/app/cluster/preview.ts";
import { readSettings } from "../control-plane/src/app/cluster/settings/read-settings.ts";
import { NoClusterAccess } from "../control-plane/src/kubernetes-api/cluster-access.ts";
import { connectToCluster } from "../control-plane/src/kubernetes-api/connect.ts";
import { exitCodeOf } from "./exit-code.ts";
import { formatProblems } from "./problem-list.ts";
import { UsageError } from "./words.ts";

/** `graphway plan --cluster`: `words` are flags of the control plane, whose variables count too. */
export async function runOnCluster(words: readonly string[]): Promise<number> {
  const read = readSettings(words, env);
  if (read.kind === "help") throw new UsageError("--cluster takes the flags of the control plane");
  if (read.kind === "wrong") throw new UsageError(read.messages.join("; "));
  for (const warning of read.warnings) stderr.write(`${warning}\n`);
  const { kubeconfig, context } = read.settings;
  let client;
  try {
    client = await connectToCluster({
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
  } catch (error) {
    if (error instanceof NoClusterAccess) throw new UsageError(error.message, { cause: error });
    throw error;
  }
  try {
    const previews = await previewCluster(client, read.settings);
    const problems = previews.flatMap((one) => one.problems);
    if (problems.length > 0) stderr.write(`${formatProblems(problems, stderr.columns)}\n\n`);
    for (const { key, changes } of previews) {
      const lines = changes.length === 0 ? ["nothing to change"] : changes;
      stdout.write(`${key}\n${lines.map((line) => `  ${line}\n`).join("")}`);
    }
    if (previews.length === 0) stdout.write("there are no SeldonDeployments of this control plane\n");
    return exitCodeOf(problems);
  } catch (error) {
    stderr.write(
      `graphway plan: the cluster can't be read: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 2;
  } finally {
    await client.close();
  }
}
