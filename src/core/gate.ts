/** Lets work pass, or holds it until it is opened. */
export class Gate {
  #waiting: (() => void)[] = [];
  #isOpen = true;

  close(): void {
    this.#isOpen = false;
  }

  open(): void {
    this.#isOpen = true;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves when the gate is open; rejects with the signal's reason when that aborts first. */
  async pass(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (!this.#isOpen) {
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        this.#waiting.push(() => {
          signal.removeEventListener('abort', abort);
          resolve();
        });
      });
    }
  }
}
