/** A volume of a pod: its name, and its source as Kubernetes has it. */
export type Volume = Readonly<Record<string, unknown>> & { readonly name: string };
