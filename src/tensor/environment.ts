/** An environment variable; undefined where there is none, where it is empty, and where reading it is not allowed, as in Deno. */
export function environmentVariable(name: string): string | undefined {
  if (typeof process === "undefined") return undefined;
  try {
    return process.env?.[name] || undefined;
  } catch {
    return undefined;
  }
}
