import { isJsonObject } from '../../core/json-value.ts';

/** What the platform says of a failure of `fetch`: it hides the system's own word one level down. */
export function causeOf(error: unknown): string {
  const cause = error instanceof Error && isJsonObject(error.cause) ? error.cause : error;
  if (!isJsonObject(cause)) return '';
  const said = cause['code'] ?? cause['message'];
  return typeof said === 'string' && said !== '' ? ` (${said})` : '';
}
