import { Agent, request } from "node:http";

/** What came of the requests of a load. */
export interface LoadResult {
  readonly ok: number;
  /** One line for each request that did not get 200 and a body. */
  readonly failures: readonly string[];
}

/** REST predictions by `workers` keep-alive clients until told to stop. */
export function startLoad(port: number, workers: number): { stop(): Promise<LoadResult>; count(): number } {
  const agent = new Agent({ keepAlive: true, maxSockets: workers });
  const failures: string[] = [];
  let ok = 0;
  let isStopped = false;
  const isOn = (): boolean => !isStopped;
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const options = { port, agent, method: "POST", path: "/api/v1.0/predictions" };
      const call = request({ host: "127.0.0.1", ...options }, (response) => {
        response.resume();
        response.on("end", () => {
          if (response.statusCode === 200) ok += 1;
          else failures.push(`status ${response.statusCode}`);
          resolve();
        });
      });
      call.on("error", (error) => {
        failures.push(error.message);
        resolve();
      });
      call.end('{"data":{"ndarray":[[1]]}}');
    });
  const loops = Array.from({ length: workers }, async () => {
    while (isOn()) await one();
  });
  return {
    count: () => ok,
    stop: async () => {
      isStopped = true;
      await Promise.all(loops);
      agent.destroy();
      return { ok, failures };
    },
  };
}
