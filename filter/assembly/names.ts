// Every name that the filter compares or writes, as bytes.
import {
  HEADER_BRANCH,
  HEADER_CLIENT_CERT,
  HEADER_CLUSTER,
  HEADER_DECISION,
  HEADER_EXPLAIN,
  HEADER_FORCE,
  HEADER_GRPC_TIMEOUT,
  HEADER_MAX_RETRIES,
  HEADER_NAMESPACE,
  HEADER_PREDICTOR,
  HEADER_PREFIX,
  HEADER_REQUEST_ID,
  HEADER_ROUTE,
  HEADER_SECRET,
  HEADER_SELDON,
  HEADER_SET_COOKIE,
  HEADER_SHADOW,
  HEADER_SHADOW_CLUSTER_PREFIX,
  HEADER_TIMEOUT_MS,
} from "../../proto/vocabulary/headers";
import { ascii } from "./bytes";

export const PATH: usize = ascii(":path");
export const METHOD: usize = ascii(":method");
export const AUTHORITY: usize = ascii(":authority");
export const CONTENT_TYPE: usize = ascii("content-type");
export const CONTENT_LENGTH: usize = ascii("content-length");
export const GRPC_TIMEOUT: usize = ascii(HEADER_GRPC_TIMEOUT);
export const CLIENT_CERTIFICATE: usize = ascii(HEADER_CLIENT_CERT);
export const COOKIE: usize = ascii("cookie");
export const SELDON: usize = ascii(HEADER_SELDON);
export const NAMESPACE: usize = ascii(HEADER_NAMESPACE);
export const REQUEST_ID: usize = ascii(HEADER_REQUEST_ID);
export const MAX_RETRIES: usize = ascii(HEADER_MAX_RETRIES);

export const OURS: usize = ascii(HEADER_PREFIX);
export const FORCE: usize = ascii(HEADER_FORCE);
export const EXPLAIN: usize = ascii(HEADER_EXPLAIN);
export const SECRET: usize = ascii(HEADER_SECRET);
export const TIMEOUT_MS: usize = ascii(HEADER_TIMEOUT_MS);
export const CLUSTER: usize = ascii(HEADER_CLUSTER);
export const PREDICTOR: usize = ascii(HEADER_PREDICTOR);
export const ROUTE: usize = ascii(HEADER_ROUTE);
export const BRANCH: usize = ascii(HEADER_BRANCH);
export const DECISION: usize = ascii(HEADER_DECISION);
export const SET_COOKIE: usize = ascii(HEADER_SET_COOKIE);
export const SHADOW: usize = ascii(HEADER_SHADOW);
export const SHADOW_CLUSTER: usize = ascii(HEADER_SHADOW_CLUSTER_PREFIX);

export const PATH_PREFIX: usize = ascii("/seldon/");
export const GRPC: usize = ascii("application/grpc");
export const FEEDBACK_0: usize = ascii("api/v0.1/feedback");
export const FEEDBACK_1: usize = ascii("api/v1.0/feedback");
export const SEND_FEEDBACK: usize = ascii("/SendFeedback");

export const FORCE_PREDICTOR: usize = ascii("predictor=");
export const FORCE_SHADOW: usize = ascii("shadow=");
export const FORCE_SHADOW_OFF: usize = ascii("shadow=off");

export const SHADOW_HOST_END: usize = ascii("-shadow");
export const TRANSPORT_REST: usize = ascii("rest");
export const TRANSPORT_GRPC: usize = ascii("grpc");

export const ZERO: usize = ascii("0");
export const ONE: usize = ascii("1");
export const SAY_DEPLOYMENT: usize = ascii("deployment=");
export const SAY_PREDICTOR: usize = ascii(";predictor=");
export const SAY_BY: usize = ascii(";by=");
export const SAY_RULE: usize = ascii(";rule=");
export const SAY_KEY: usize = ascii(";key=");
export const SAY_SPLIT: usize = ascii(";split=");
export const SAY_SHADOWS: usize = ascii(";shadows=");
export const SAY_TABLE: usize = ascii(";table=");
export const BY_FORCED: usize = ascii("forced");
export const BY_STICKY: usize = ascii("sticky");
export const BY_REQUEST_ID: usize = ascii("request-id");
export const BY_RANDOM: usize = ascii("random");
