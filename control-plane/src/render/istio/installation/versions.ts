/** What an Istio of some version gets. */
export type VersionVerdict =
  | { readonly kind: "supported"; readonly version: string }
  | { readonly kind: "untried"; readonly version: string; readonly message: string }
  | { readonly kind: "refused"; readonly version: string; readonly message: string }
  | { readonly kind: "unknown"; readonly message: string };

/** Minor versions of Istio 1 that the installation is made for. */
export const OLDEST_ISTIO_MINOR = 28;
export const NEWEST_ISTIO_MINOR = 31;

/**
 * Judges a version as Istio writes it, such as `1.29.2`, `1.31-dev` or `1.30.0-distroless`. What is older lacks parts of what is
 * patched and would drop them in silence; what is newer was never tried.
 */
export function judgeIstioVersion(text: string | undefined): VersionVerdict {
  const [version, major, minor] = /(\d+)\.(\d+)(?:\.\d+)?(?:-[\w.-]+)?/.exec(text ?? "") ?? [];
  if (version === undefined) return { kind: "unknown", message: `${text ?? "nothing"} says no version of Istio` };
  const supported = `Istio 1.${OLDEST_ISTIO_MINOR} to 1.${NEWEST_ISTIO_MINOR}`;
  const number = Number(major) * 1000 + Number(minor);
  if (number < 1000 + OLDEST_ISTIO_MINOR)
    return { kind: "refused", version, message: `Istio ${version} is too old; Graphway works with ${supported}` };
  if (number > 1000 + NEWEST_ISTIO_MINOR)
    return {
      kind: "untried",
      version,
      message: `Istio ${version} is newer than what Graphway was tried with, ${supported}`,
    };
  return { kind: "supported", version };
}
