const HEAD_END = Buffer.from("\r\n\r\n");

/** Called with the head as text and the body's length for each message of known length on a connection. */
export type OnMessage = (head: string) => void;

/**
 * Cuts a byte stream into HTTP/1.1 messages with Content-Length, without keeping their bodies. Far cheaper than
 * node:http, so that what is measured is not the measuring.
 */
export function messageCutter(onMessage: OnMessage): (chunk: Buffer) => void {
  let pending: Buffer | undefined;
  let head = "";
  let bodyLeft = 0;
  return (chunk) => {
    let data = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
    pending = undefined;
    while (data.length > 0) {
      if (head === "") {
        const end = data.indexOf(HEAD_END);
        if (end === -1) {
          pending = data;
          return;
        }
        head = data.toString("latin1", 0, end);
        bodyLeft = contentLength(head);
        data = data.subarray(end + HEAD_END.length);
      }
      const taken = Math.min(bodyLeft, data.length);
      bodyLeft -= taken;
      data = data.subarray(taken);
      if (bodyLeft > 0) return;
      const whole = head;
      head = "";
      onMessage(whole);
    }
  };
}

function contentLength(head: string): number {
  const at = head.search(/\r\ncontent-length: /i);
  if (at === -1) throw new Error(`a message without Content-Length: ${head}`);
  return Number.parseInt(head.slice(at + 18, at + 30), 10);
}
