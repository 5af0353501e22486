import { NetworkError } from './errors.ts';

/**
 * Waits for a part of the program that is not there from the beginning: what a first pull of plain documents does without.
 * Bundlers make files of their own of such parts, so a page has to fetch them before it can use them, and should a service
 * worker keep the page for when there is no network, it has to keep them too.
 *
 * Never within a transaction of a store: that would be over by then. Browsers differ in whether they fetch again what they could
 * not fetch once (https://github.com/whatwg/html/issues/6768), so what a long pull may need later is fetched before: see `prefetch`.
 *
 * @param part the `import()` of it
 * @throws NetworkError (`unreachable`) when it cannot be had
 */
export async function loadPart<T>(part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (error) {
    throw new NetworkError(
      'A part of the program could not be loaded; try again when the network is back, and reload the page if that does not help',
      'unreachable',
      { cause: error },
    );
  }
}
