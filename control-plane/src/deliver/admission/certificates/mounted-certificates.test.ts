import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SteppedClock } from "../../../kubernetes-api/tests/stepped-clock.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import { issueCertificate } from "./issue.ts";
import { startMountedCertificates } from "./mounted-certificates.ts";
import type { CertificatePair } from "./pair.ts";

describe("mounted certificates", () => {
  let folder: string;
  let version = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "graphway-certificates-"));
  });
  after(() => rm(folder, { recursive: true }));

  function issue(): Promise<CertificatePair> {
    return issueCertificate({ dnsNames: ["a.b.svc"], nowMs: Date.now(), lifetimeMs: 3_600_000 });
  }

  /** As kubelet swaps the files of a Secret. */
  async function mount({ certificate, key }: CertificatePair): Promise<void> {
    version += 1;
    const name = `..version_${version}`;
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "tls.crt"), certificate);
    await writeFile(join(folder, name, "tls.key"), key);
    await symlink(name, join(folder, "..new"));
    await rename(join(folder, "..new"), join(folder, "..data"));
    if (version > 1) return;
    for (const file of ["tls.crt", "tls.key"]) await symlink(join("..data", file), join(folder, file));
  }

  it("are waited for, reloaded when they change, and kept when the new ones are no good", async () => {
    const clock = new SteppedClock();
    const [first, second, third] = await Promise.all([issue(), issue(), issue()]);
    const pairs: CertificatePair[] = [];
    const problems: string[] = [];
    const onProblem = (problem: Error): void => void problems.push(problem.message);
    const onPair = (pair: CertificatePair): void => void pairs.push(pair);
    const starting = startMountedCertificates({ clock, folder, onPair, onProblem });
    await until(() => problems.length === 1 && clock.timers === 1);
    await mount(first);
    clock.leap(10_000);
    const source = await starting;
    assert.equal(source.pair.certificate, first.certificate);

    await until(() => clock.timers === 1);
    await mount({ certificate: second.certificate, key: third.key });
    clock.leap(10_000);
    await until(() => problems.length === 2 && clock.timers === 1);
    assert.match(problems[1] ?? "", /do not belong together/);
    assert.equal(pairs.length, 0);

    await mount(second);
    clock.leap(10_000);
    await until(() => pairs.length === 1);
    assert.deepEqual([pairs[0]?.certificate, pairs[0]?.key], [second.certificate, second.key]);
    await source.stop();
  });

  it("end before the first one when they are told to", async () => {
    const ended = new AbortController();
    const options = { clock: new SteppedClock(), folder: join(folder, "none"), signal: ended.signal };
    const starting = startMountedCertificates({ ...options, onPair: () => undefined, onProblem: () => undefined });
    ended.abort();
    await assert.rejects(starting, /stopped before/);
  });
});
