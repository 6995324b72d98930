import assert from "node:assert/strict";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { it } from "node:test";
import { ServerConnection } from "./server-connection.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS = Buffer.from("000000040000000000", "hex");
const PING = 6;

/** A socket whose peer is the test. */
function socketPair(): { readonly socket: Duplex; readonly written: Buffer[] } {
  const written: Buffer[] = [];
  const socket = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      written.push(Buffer.from(chunk));
      done();
    },
  });
  return { socket, written };
}

function frameTypes(written: readonly Buffer[]): number[] {
  const bytes = Buffer.concat(written);
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) types.push(bytes[at + 3] ?? 0);
  return types;
}

it("asks a silent client once whether it is there, and drops it when it does not say so", async () => {
  const { socket, written } = socketPair();
  let gone = 0;
  const connection = new ServerConnection(
    socket,
    () => assert.fail("nobody called"),
    () => (gone += 1),
  );
  socket.push(Buffer.concat([Buffer.from(PREFACE), SETTINGS]));
  await new Promise((resolve) => setImmediate(resolve));
  // Whole, so that sums and differences of it are exact.
  const readMs = Math.ceil(connection.lastReadMs);
  connection.checkAlive(1000, 500, readMs + 998);
  connection.checkAlive(1000, 500, readMs + 1000);
  connection.checkAlive(1000, 500, readMs + 1400);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(frameTypes(written).filter((one) => one === PING).length, 1);
  assert.equal(socket.destroyed, false);
  const closed = once(socket, "close");
  connection.checkAlive(1000, 500, readMs + 1500);
  await closed;
  assert.equal(gone, 1);
});
