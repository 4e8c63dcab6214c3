// The JavaScript through which the Wasm is called; the build says where it is.
declare module "policy" {
  export default function start(options: { module_or_path: URL }): Promise<unknown>;
  export function review(manifests: string, settings: string, now: number): string;
  export function catalogue(): string;
}
