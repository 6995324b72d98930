// Stands in for the orchestrator: flags and answers of its admin endpoints only.
import { createServer } from "node:http";

const flag = (name) => process.argv[process.argv.indexOf(`--${name}`) + 1];
const answer = (_request, response) => response.end(JSON.stringify({ pid: process.pid, argv: process.argv.slice(2), engine: process.env.ENGINE_PREDICTOR }));
for (const name of ["http_port", "grpc_port"]) createServer(answer).listen(Number(flag(name)), "127.0.0.1");
