/** Where events of one URL are posted. */
export interface HttpTarget {
  /** `http://host:port` */
  readonly origin: string;
  /** With the query. */
  readonly path: string;
  /** Of a URL with a user name; else empty. */
  readonly authorization: string;
}

/** Reads a URL that has been checked to be http or https. */
export function targetOf(url: string): HttpTarget {
  const { origin, pathname, search, username, password } = new URL(url);
  const user = `${decoded(username)}:${decoded(password)}`;
  const authorization = user === ":" ? "" : `Basic ${Buffer.from(user).toString("base64")}`;
  return { origin, path: pathname + search, authorization };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
