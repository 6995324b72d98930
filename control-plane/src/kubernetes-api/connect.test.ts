import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { cacheCredentials, NoClusterAccess } from "./cluster-access.ts";
import { findClusterAccess } from "./connect.ts";
import { findPodAccess } from "./in-cluster.ts";

describe("the way to a cluster", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "graphway-access-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function write(name: string, content: unknown): string {
    const path = join(folder, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  const toBase64 = (text: string) => Buffer.from(text).toString("base64");

  function kubeconfig(users: Readonly<Record<string, object>>, cluster: object = {}): object {
    const names = Object.keys(users);
    return {
      apiVersion: "v1",
      kind: "Config",
      "current-context": names[0],
      clusters: [{ name: "c", cluster: { server: "https://cluster.example:6443/base", ...cluster } }],
      users: names.map((name) => ({ name, user: users[name] })),
      contexts: names.map((name) => ({ name, context: { cluster: "c", user: name, namespace: `of-${name}` } })),
    };
  }

  describe("by kubeconfig", () => {
    let path: string;
    beforeEach(() => {
      write("token", "from-file\n");
      write("plugin.mjs", 'console.log(JSON.stringify({ status: { token: process.env["SAY"] } }))');
      const users = {
        certificate: { "client-certificate-data": toBase64("CERT"), "client-key-data": toBase64("KEY") },
        token: { token: "secret" },
        file: { tokenFile: "token" },
        basic: { username: "me", password: "pw" },
        plugin: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1",
            command: process.execPath,
            args: [join(folder, "plugin.mjs")],
            env: [{ name: "SAY", value: "from-plugin" }],
          },
        },
      };
      const tls = { "certificate-authority-data": toBase64("CA"), "tls-server-name": "inside" };
      path = write("config", kubeconfig(users, tls));
    });

    const cases = [
      ["token", { authorization: "Bearer secret" }],
      ["file", { authorization: "Bearer from-file" }],
      ["basic", { authorization: `Basic ${Buffer.from("me:pw").toString("base64")}` }],
      ["plugin", { authorization: "Bearer from-plugin" }],
    ] as const;
    for (const [context, headers] of cases) {
      it(`with a ${context}`, async () => {
        const access = await findClusterAccess({ kubeconfig: path, context });
        assert.deepEqual([access.server, access.namespace], ["https://cluster.example:6443/base", `of-${context}`]);
        assert.deepEqual(await access.credentials(), { headers, tls: { ca: "CA", servername: "inside" } });
      });
    }

    it("with a certificate, in the current context of KUBECONFIG", async () => {
      const { credentials } = await findClusterAccess({}, { KUBECONFIG: path });
      const { tls, headers } = await credentials();
      assert.deepEqual([tls.cert, tls.key, headers], ["CERT", "KEY", {}]);
    });

    it("merges files, of which the first that says something wins; missing ones are passed over", async () => {
      const first = write("first", { ...kubeconfig({ token: { token: "first" } }), contexts: [] });
      const KUBECONFIG = [join(folder, "missing"), first, path].join(":");
      const { credentials } = await findClusterAccess({}, { KUBECONFIG });
      assert.deepEqual((await credentials()).headers, { authorization: "Bearer first" });
    });

    it("reads the file again when the server refuses what it said", async () => {
      const access = await findClusterAccess({ kubeconfig: path, context: "token" });
      await access.credentials();
      write("config", kubeconfig({ token: { token: "renewed" } }));
      assert.deepEqual((await access.credentials()).headers, { authorization: "Bearer secret" });
      assert.deepEqual((await access.credentials(true)).headers, { authorization: "Bearer renewed" });
      assert.deepEqual((await access.credentials()).headers, { authorization: "Bearer renewed" });
    });

    it("without certificates over plain HTTP, as `kubectl proxy` serves it", async () => {
      const plain = write("plain", kubeconfig({ nobody: {} }, { server: "http://127.0.0.1:8001" }));
      const access = await findClusterAccess({ kubeconfig: plain });
      assert.deepEqual((await access.credentials()).headers, {});
    });

    it("says what is wrong with it", async () => {
      const wrong = async (choice: Parameters<typeof findClusterAccess>[0], message: RegExp): Promise<void> => {
        await assert.rejects(findClusterAccess(choice, {}), (error) => {
          assert.ok(error instanceof NoClusterAccess);
          assert.match(error.message, message);
          return true;
        });
      };
      await wrong({ kubeconfig: path, context: "prod" }, /no context "prod"; it has: certificate, token/);
      await wrong({ kubeconfig: join(folder, "missing") }, /^there is no .*missing$/);
      await wrong({ kubeconfig: folder }, /^.* can't be read: EISDIR$/);
      await wrong({ kubeconfig: write("broken", "{a: [") }, /is not a kubeconfig/);
      await wrong({ kubeconfig: write("empty", "{}") }, /no current context/);
      await assert.rejects(findClusterAccess({}, { HOME: folder }), (error) => {
        const absent = join(folder, ".kube", "config");
        const advice = "set KUBECONFIG or give --kubeconfig";
        assert.ok(error instanceof NoClusterAccess);
        assert.equal(error.message, `no cluster to talk to: there is no ${absent}, and this is no pod; ${advice}`);
        return true;
      });
    });
  });

  describe("from a pod", () => {
    const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };

    it("by the service account's token, read again as it rotates", async () => {
      write("token", "one");
      write("ca.crt", "CA");
      write("namespace", "graphway");
      const access = (await findPodAccess(env, folder)) ?? assert.fail();
      assert.deepEqual([access.server, access.namespace], ["https://[fd00::1]:443", "graphway"]);
      assert.deepEqual(await access.credentials(), { headers: { authorization: "Bearer one" }, tls: { ca: "CA" } });
      write("token", "two");
      assert.deepEqual((await access.credentials(true)).headers, { authorization: "Bearer two" });
    });

    it("is none outside of a cluster", async () => {
      assert.equal(await findPodAccess({}, folder), undefined);
      assert.equal(await findPodAccess(env, join(folder, "nowhere")), undefined);
    });
  });

  it("credentials are kept for ten seconds, and asked for again after a failure", async () => {
    let nowMs = 0;
    let reads = 0;
    let fails = true;
    const credentials = cacheCredentials(
      () => {
        reads++;
        return fails ? Promise.reject(new Error("no")) : Promise.resolve({ headers: {}, tls: {} });
      },
      () => nowMs,
    );
    await assert.rejects(credentials());
    fails = false;
    await Promise.all([credentials(), credentials()]);
    nowMs = 9_999;
    await credentials();
    assert.equal(reads, 2);
    nowMs = 10_000;
    await credentials();
    assert.equal(reads, 3);
  });
});
