import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";

/**
 * Finds the program of a command as a shell would: a name in the folders of `path`, anything with a slash from `cwd`.
 * `node` is the Node that runs graphway. Absent: there is no such program.
 */
export function findProgram(name: string, path: string, cwd: string): string | undefined {
  if (name === "node") return process.execPath;
  if (name.includes("/")) {
    const file = isAbsolute(name) ? name : resolve(cwd, name);
    return isProgram(file) ? file : undefined;
  }
  return path
    .split(delimiter)
    .map((folder) => join(isAbsolute(folder) ? folder : resolve(cwd, folder), name))
    .find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
