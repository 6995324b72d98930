import { CallError } from "../../execute/call-error.ts";
import type { RestPayload } from "../../execute/payload.ts";

/**
 * A REST request as the fields of a SeldonMessage, whatever its type, as Seldon's Java engine took it: JSON as it is, a
 * text as strData, octets as binData, a form by the names of its parts. Throws CallError (bad-request).
 */
export async function readAnyType(request: RestPayload): Promise<unknown> {
  const type = request.contentType.toLowerCase();
  if (type.startsWith("multipart/form-data")) return readForm(request);
  if (type.startsWith("text/")) return { strData: request.body.toString("utf8") };
  if (type.startsWith("application/octet-stream")) return { binData: request.body.toString("base64") };
  return parse(request.body.toString("utf8"));
}

async function readForm(request: RestPayload): Promise<unknown> {
  const whole = new Response(new Uint8Array(request.body), { headers: { "content-type": request.contentType } });
  let form: FormData;
  try {
    // Discouraged for what has no bound; this body is in memory already.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    form = await whole.formData();
  } catch {
    throw new CallError("bad-request", "the request is not a form");
  }
  const fields: Record<string, unknown> = {};
  for (const [name, part] of form) {
    const bytes = typeof part === "string" ? Buffer.from(part) : Buffer.from(await part.arrayBuffer());
    if (name === "binData") fields[name] = bytes.toString("base64");
    else if (name === "strData") fields[name] = bytes.toString("utf8");
    else fields[name] = parse(bytes.toString("utf8"));
  }
  return fields;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CallError("bad-request", "the request is not JSON");
  }
}
