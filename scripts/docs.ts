/** Writes every page of docs/ that is generated from code. Usage: node scripts/docs.ts */
import "../control-plane/src/model/scripts/write-docs.ts";
import "../orchestrator/src/config/scripts/write-docs.ts";
import "../orchestrator/src/observe/scripts/write-docs.ts";
