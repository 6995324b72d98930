// Runs one node of the example's graphs: node server.ts <component>
import { enableCompileCache } from "node:module";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

// Ten of these start at once: compiled code is kept, which makes each later start cheaper.
enableCompileCache(fileURLToPath(new URL("../../.graphway/compile-cache", import.meta.url)));
const { main } = await import("./main.ts");
await main(argv[2] ?? "");
