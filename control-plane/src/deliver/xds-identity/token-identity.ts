import { status } from "@grpc/grpc-js";
import type { ServiceAccount, TokenReviewer } from "./token-reviewer.ts";

/** Whose token a stream shows in `authorization`; `refuse` ends it when it shows none that counts. */
export async function identifyByToken(
  authorization: string | undefined,
  review: TokenReviewer,
  refuse: (code: status, reason: string) => never,
): Promise<ServiceAccount> {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) return refuse(status.UNAUTHENTICATED, "no token was shown");
  let account: ServiceAccount | undefined;
  try {
    account = await review(token);
  } catch (error) {
    const reason = `the token can't be reviewed: ${error instanceof Error ? error.message : String(error)}`;
    return refuse(status.UNAVAILABLE, reason);
  }
  return account ?? refuse(status.UNAUTHENTICATED, "the token is not valid for us");
}
