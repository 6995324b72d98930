/** Pods of a Deployment are named by it, the hash of their template and five letters of their own. */
const POD_NAME = /^(.+)-[a-z0-9]{1,10}-[a-z0-9]{5}$/;
/** Where a name would be longer than this, what stands before the last five letters is cut. */
const LONGEST_GENERATED_PREFIX = 58;

/** True when a pod of this name can only be, or where names are cut may be, of the Deployment. */
export function isPodOf(pod: string, deployment: string): boolean {
  const generated = pod.slice(0, -5);
  if (generated.length === LONGEST_GENERATED_PREFIX) {
    const shown = `${deployment}-`;
    return shown.startsWith(generated) || generated.startsWith(shown);
  }
  return POD_NAME.exec(pod)?.[1] === deployment;
}
