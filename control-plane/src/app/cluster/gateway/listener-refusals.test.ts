import assert from "node:assert/strict";
import { it } from "node:test";
import type { XdsEvent } from "../../../deliver/xds-server/events.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import { createListenerRefusals } from "./listener-refusals.ts";

function answer(stream: number, kind: XdsEvent["kind"], typeUrl: string, names: readonly string[], message = "") {
  const resources = names.map((name) => ({ name, version: "1" }));
  return { kind, peer: { stream }, typeUrl, resources, message } as unknown as XdsEvent;
}

const PLAIN = { envoyPort: 8080 };
const TLS = { envoyPort: 8443, secrets: ["ns/good", "ns/bad"] };

it("tells the listeners that a gateway refuses, until it accepts them or goes", () => {
  const refusals = createListenerRefusals();
  const said = () => [refusals.refusalOf(PLAIN), refusals.refusalOf(TLS)];
  assert.deepEqual(said(), [undefined, undefined]);
  const both = ["graphway-8080", "graphway-8443"];
  refusals.onEvent(answer(1, "nack", TYPE.listener, both, "error adding listener graphway-8443: no"));
  refusals.onEvent(answer(2, "ack", TYPE.listener, both));
  assert.deepEqual(said(), [undefined, "error adding listener graphway-8443: no"]);
  refusals.onEvent(answer(1, "ack", TYPE.listener, ["graphway-8080"]));
  assert.notEqual(refusals.refusalOf(TLS), undefined, "the other one is still refused");
  refusals.onEvent(answer(1, "ack", TYPE.listener, ["graphway-8443"]));
  assert.deepEqual(said(), [undefined, undefined]);
  refusals.onEvent(answer(1, "nack", TYPE.secret, ["ns/bad"], "no key"));
  refusals.onEvent(answer(1, "nack", TYPE.routeConfiguration, ["graphway-8080"], "of routes others tell"));
  assert.deepEqual(said(), [undefined, "no key"]);
  refusals.onEvent(answer(1, "disconnect", "", []));
  assert.deepEqual(said(), [undefined, undefined]);
});
