import { CallError } from "../../execute/call-error.ts";

const NAME = /^[!#$%&'*+.^`|~\w-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const PATH = /^\/[\x21-\x7e\x80-\xff]*$/;

/**
 * The head of a request as it goes on the wire (latin1). `headers` are name, value, name, value, … Throws CallError
 * (bad-request) where one of them can't be sent.
 */
export function requestHead(
  method: "GET" | "POST",
  path: string,
  host: string,
  headers: readonly string[],
  bodyBytes: number,
): string {
  if (!PATH.test(path)) throw unsendable("path", path);
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    const value = headers[i + 1] ?? "";
    if (!NAME.test(name) || !VALUE.test(value)) throw unsendable("header", name);
    head += `${name}: ${value}\r\n`;
  }
  return method === "POST" ? `${head}content-length: ${bodyBytes}\r\n\r\n` : `${head}\r\n`;
}

function unsendable(what: string, text: string): CallError {
  return new CallError("bad-request", `the request can't be sent on: ${what} ${JSON.stringify(text)} is not allowed`);
}
