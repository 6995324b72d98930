import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";

/** Older versions are refused on every port and towards every node. */
const MIN_TLS_VERSION = "TLSv1.2";

/** A certificate chain with its key, in PEM. */
export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** What is wrong with a pair: it does not parse, or the key is not the certificate's. */
function faultOfPair(pair: KeyPair): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pair.cert);
  } catch (error) {
    return `the certificate can't be read: ${textOf(error)}`;
  }
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(pair.key))) return "the key is not the certificate's";
  } catch (error) {
    return `the key can't be read: ${textOf(error)}`;
  }
  return undefined;
}

/** Throws Error where a pair or an authority can't be used; nothing else finds out before the first handshake. */
export function checkedContext(options: { readonly pair: KeyPair | undefined; readonly ca: Buffer | undefined }): {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
} {
  const { pair, ca } = options;
  const fault = pair === undefined ? undefined : faultOfPair(pair);
  if (fault !== undefined) throw new Error(fault);
  if (ca !== undefined) checkAuthorities(ca);
  const contextOptions: SecureContextOptions = {
    minVersion: MIN_TLS_VERSION,
    ...(pair === undefined ? {} : { cert: pair.cert, key: pair.key }),
    ...(ca === undefined ? {} : { ca }),
  };
  return { options: contextOptions, context: createSecureContext(contextOptions) };
}

/** Node takes a file without any certificate for an empty list of authorities, which then refuses everyone. */
function checkAuthorities(ca: Buffer): void {
  try {
    new X509Certificate(ca);
  } catch (error) {
    throw new Error(`the authority's certificate can't be read: ${textOf(error)}`, { cause: error });
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
