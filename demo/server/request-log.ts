/** A request that reached the server. */
export interface LoggedRequest {
  readonly method: string;
  /** As sent, with its query. */
  readonly path: string;
  /** Absent as long as nothing was answered. */
  readonly status: number | undefined;
  /** How many bytes went out for it so far, headers and framing included. */
  readonly bytes: number;
}

/** What the server was asked, counted to order. */
export class RequestLog {
  readonly #requests: LoggedRequest[] = [];
  readonly #connections = { open: 0, peak: 0 };

  /** Every request since the last reset, oldest first. */
  get all(): readonly LoggedRequest[] {
    return this.#requests;
  }

  /** How many requests there were. */
  get total(): number {
    return this.#requests.length;
  }

  /** How many bytes went out. */
  get bytes(): number {
    return this.#requests.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** How many connections are open now, and how many were at most. */
  get connections(): { readonly open: number; readonly peak: number } {
    return { ...this.#connections };
  }

  /**
   * How many requests there were of a kind.
   *
   * @param path all of the path without its query, or a pattern for the path with it
   */
  count(method: string | undefined, path?: string | RegExp): number {
    return this.#requests.filter((request) => isRequest(request, method, path)).length;
  }

  /** Forgets the requests; connections stay counted, their peak is what is open now. */
  reset(): void {
    this.#requests.length = 0;
    this.#connections.peak = this.#connections.open;
  }

  /** Notes a request; gives the way to note what becomes of it. */
  begin(method: string, path: string): (answered: { status?: number | undefined; bytes: number }) => void {
    const request: { method: string; path: string; status: number | undefined; bytes: number } = {
      method,
      path,
      status: undefined,
      bytes: 0,
    };
    this.#requests.push(request);
    return ({ status, bytes }) => {
      request.status = status ?? request.status;
      request.bytes = bytes;
    };
  }

  /** Notes a connection; gives the way to note its end. */
  connect(): () => void {
    this.#connections.open += 1;
    this.#connections.peak = Math.max(this.#connections.peak, this.#connections.open);
    return () => {
      this.#connections.open -= 1;
    };
  }
}

/** Whether a request is of a kind; see {@link RequestLog.count}. */
export function isRequest(
  request: { readonly method: string; readonly path: string },
  method: string | undefined,
  path: string | RegExp | undefined,
): boolean {
  if (method !== undefined && method !== request.method) return false;
  if (path === undefined) return true;
  return typeof path === 'string' ? request.path.split('?')[0] === path : path.test(request.path);
}
