/** Why something has failed, as an error says it. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
