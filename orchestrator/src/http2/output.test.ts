import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Duplex } from "node:stream";
import { freeBytes } from "../memory/free-bytes.ts";
import { Output } from "./output.ts";

/** A socket that ends a write when it is told to. */
class SlowSocket extends Duplex {
  readonly written: Buffer[] = [];
  #endWrite: (() => void) | undefined;

  override _read(): void {}

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.written.push(...chunks.map((one) => one.chunk));
    this.#endWrite = done;
  }

  /** Ends the write that is under way, and waits for what that calls. */
  async endWrite(): Promise<void> {
    this.#endWrite?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function outputTo(socket: Duplex): Output {
  return new Output(socket, () => {});
}

function bodyOf(text: string): Buffer {
  const body = Buffer.allocUnsafeSlow(text.length);
  body.write(text);
  return body;
}

describe("Output", () => {
  it("keeps the order of what is copied and what is written in place", async () => {
    const socket = new SlowSocket();
    const output = outputTo(socket);
    for (const part of ["a", "b", "c"]) {
      output.append(Buffer.from(`<${part}`));
      output.appendInPlace(Buffer.from(part));
      output.append(Buffer.from(">"));
    }
    assert.equal(output.pendingBytes, 12);
    output.flush();
    await socket.endWrite();
    assert.equal(Buffer.concat(socket.written).toString(), "<aa><bb><cc>");
    assert.equal(output.pendingBytes, 0);
  });

  it("has what it writes in place kept until it is written", async () => {
    const socket = new SlowSocket();
    const output = outputTo(socket);
    const body = bodyOf("0123456789");
    output.appendInPlace(body.subarray(0, 5));
    output.appendInPlace(body.subarray(5));
    freeBytes(body);
    output.flush();
    freeBytes(body);
    assert.equal(Buffer.concat(socket.written).toString(), "0123456789");
    await socket.endWrite();
    freeBytes(body);
    assert.equal(body.length, 0);
  });

  it("lets go of what a lost connection will never write", async () => {
    const socket = new SlowSocket();
    const output = outputTo(socket);
    const [under, waiting] = [bodyOf("under way"), bodyOf("waiting")];
    output.appendInPlace(under);
    output.flush();
    output.appendInPlace(waiting);
    socket.destroy();
    output.flush();
    freeBytes(waiting);
    assert.equal(waiting.length, 0);
    await socket.endWrite();
    freeBytes(under);
    assert.equal(under.length, 0);
  });
});
