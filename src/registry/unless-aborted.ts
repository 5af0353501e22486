/**
 * What some work comes to, unless the signal aborts before: then its reason is thrown at once, and nobody hears of the work's own end.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const leave = (): void => signal.removeEventListener('abort', abort);
    work.then(resolve, reject).then(leave, leave);
  });
}
