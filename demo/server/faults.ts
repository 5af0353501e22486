import type { AnswerHeaders, Piece } from './model.ts';
import { isRequest } from './request-log.ts';

/** Something that goes wrong, on purpose, for some requests. Several things may go wrong at once. */
export interface Fault {
  /** Only for this method; default: any. */
  readonly method?: string;
  /** Only for this path without its query, or for a path with its query that matches; default: any. */
  readonly path?: string | RegExp;
  /** Let so many matching requests pass first; default 0. */
  readonly skip?: number;
  /** Spoil only so many requests; default: all. */
  readonly times?: number;

  /** Wait so many milliseconds before the answer. */
  readonly delay?: number;
  /** Never answer. */
  readonly silence?: boolean;
  /** Reset the connection instead of an answer. */
  readonly reset?: boolean;
  /** Answer this, whatever was asked, such as the page of a proxy. */
  readonly answer?: { readonly status: number; readonly headers?: AnswerHeaders; readonly body?: Piece };
  /** Wait before every piece of the body: each HTTP chunk, each line, or so many bytes at a time. */
  readonly pause?: { readonly ms: number; readonly per: 'chunk' | 'row' | number };
  /** End the connection in the middle of the body, after so many bytes or lines of it. */
  readonly cut?: Place;
  /** Put this into the body after so many bytes or lines of it. */
  readonly garbage?: Place & { readonly text: string };
  /** Say that a body of known length is so many bytes longer than it is, or shorter, and close the connection after it. */
  readonly lengthBy?: number;
}

/** A place in a body. The lines of a feed are its rows, the first line of a normal one being its head. */
export type Place =
  | { readonly bytes: number; readonly rows?: undefined }
  | { readonly rows: number; readonly bytes?: undefined };

/** The faults that are set. */
export class Faults {
  readonly #rules = new Set<{ readonly fault: Fault; seen: number }>();

  /** Sets a fault; gives the way to take it back. */
  add(fault: Fault): () => void {
    const rule = { fault, seen: 0 };
    this.#rules.add(rule);
    return () => this.#rules.delete(rule);
  }

  /** Takes back all faults. */
  clear(): void {
    this.#rules.clear();
  }

  /** The fault for a request: the first set that matches and has not spoiled enough. Counts the request. */
  take(request: { readonly method: string; readonly path: string }): Fault | undefined {
    for (const rule of this.#rules) {
      const { method, path, skip = 0, times = Number.POSITIVE_INFINITY } = rule.fault;
      if (!isRequest(request, method, path)) continue;
      rule.seen += 1;
      if (rule.seen > skip && rule.seen <= skip + times) return rule.fault;
    }
    return undefined;
  }
}
