/** Minor version of Envoy 1 from which on it knows all that is rendered. */
export const OLDEST_ENVOY_MINOR = 36;
