import { spawn, type SpawnOptions } from "node:child_process";

/** A program that ended with something else than 0; the message has the end of what it said. */
export class ProgramError extends Error {}

/** Lines of a failed program that are worth showing. */
const TAIL_LINES = 30;

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  /** Each line of standard error as it comes, for progress. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program to its end; resolves with its standard output. Throws ProgramError when it fails or takes too long. */
export function runProgram(file: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const settings: SpawnOptions = {
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: "SIGKILL" }),
  };
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, settings);
    const output: Buffer[] = [];
    let said = "";
    let line = "";
    child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-20_000);
      line += text;
      const lines = line.split(/[\r\n]/);
      line = lines.pop() ?? "";
      for (const one of lines) options.onLine?.(one);
    });
    child.on("error", (error) => {
      reject(new ProgramError(`${file} can't be run: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      if (code === 0) {
        resolve(Buffer.concat(output).toString("utf8"));
        return;
      }
      const tail = said.trim().split("\n").slice(-TAIL_LINES).join("\n");
      const how = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
      reject(new ProgramError(`${[file, ...args].join(" ").slice(0, 300)} ${how}\n${tail}`));
    });
    if (options.input !== undefined) child.stdin?.end(options.input);
  });
}
