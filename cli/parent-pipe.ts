import { Socket } from "node:net";
import { env } from "node:process";

/**
 * Calls back once when the process that started us is gone, however it ended. It says so by the pipe whose file descriptor
 * is named in GRAPHWAY_PARENT_FD; without that variable nobody is watched. Keeps no process alive. Call it once, before
 * starting children: the variable is removed, so that they do not mistake it for theirs.
 */
export function onParentGone(callback: () => void): void {
  const named = env["GRAPHWAY_PARENT_FD"];
  delete env["GRAPHWAY_PARENT_FD"];
  const fd = Number(named);
  if (named === undefined || !Number.isInteger(fd) || fd < 3) return;
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.on("error", () => undefined); // a reset is an end too: "close" follows
  pipe.once("close", callback);
  pipe.resume();
  pipe.unref();
}
