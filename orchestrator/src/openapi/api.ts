/** The parts of OpenAPI 3 that our descriptions use. */
export interface OpenApi {
  readonly openapi: "3.0.3";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiCall>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

export interface ApiCall {
  readonly summary: string;
  readonly operationId: string;
  readonly parameters?: readonly unknown[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, unknown>>;
}

export function ref(schema: string): unknown {
  return { $ref: `#/components/schemas/${schema}` };
}

/** A GET with parameters in its path. */
export function get(
  summary: string,
  operationId: string,
  schema: string | undefined,
  names: readonly string[],
): ApiCall {
  return { summary, operationId, ...parametersOf(names), responses: responses(schema) };
}

/** A POST with a JSON body. */
export function post(
  summary: string,
  operationId: string,
  request: string,
  reply: string,
  names: readonly string[],
): ApiCall {
  return {
    summary,
    operationId,
    ...parametersOf(names),
    requestBody: { required: true, content: jsonOf(request) },
    responses: responses(reply),
  };
}

function parametersOf(names: readonly string[]): Pick<ApiCall, "parameters"> {
  if (names.length === 0) return {};
  return { parameters: names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })) };
}

function responses(schema: string | undefined): ApiCall["responses"] {
  return {
    200: schema === undefined ? { description: "Yes" } : { description: "The answer", content: jsonOf(schema) },
    default: { description: "What went wrong", content: jsonOf("Error") },
  };
}

function jsonOf(schema: string): unknown {
  return { "application/json": { schema: ref(schema) } };
}
