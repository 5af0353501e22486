/** Why the signal of a pull aborts that was stopped. */
export class Stopped extends Error {
  override readonly name = 'AbortError';
}
