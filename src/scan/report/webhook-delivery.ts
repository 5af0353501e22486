import { backoffDelay } from '../../core/backoff.ts';
import { CouchtideError, InputError, NetworkError } from '../../core/errors.ts';
import { hmacSha256 } from '../../core/hmac.ts';
import type { Platform } from '../../core/platform.ts';
import type { Finding } from '../events.ts';

/** How one request is sent. */
export interface DeliveryOptions {
  /** Signs requests, so that the receiver knows that they come from someone who has it too. */
  readonly secret?: string;
  /** More headers, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Tries of a request, the first one included. Default 5. */
  readonly attempts?: number;
  /** How long the receiver may take to answer, in milliseconds. Default 10,000. */
  readonly timeout?: number;
}

const BACKOFF = { base: 500, cap: 30_000 };

/** However long a receiver asks to wait, it is asked again after a minute. */
const LONGEST_WAIT = 60_000;

/** Statuses that say something of the moment and not of the request. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504, 507]);

/** A try that failed, and whether another one may succeed. */
interface FailedTry {
  readonly error: Error;
  readonly isPassing: boolean;
  /** What the receiver asks to wait, in milliseconds. */
  readonly retryAfter?: number;
}

/** Brings findings to a receiver, whose url is not in any message: it may be a secret. */
export class Delivery {
  readonly #url: string;
  readonly #name: string;
  readonly #options: DeliveryOptions;
  readonly #platform: Platform;
  #sign: Promise<(text: string) => Promise<string>> | undefined;

  constructor(url: string, options: DeliveryOptions, platform: Platform) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      throw new InputError('The url of a webhook must begin with http:// or https://');
    }
    if (parsed.username !== '' || parsed.password !== '') {
      throw new InputError('The url of a webhook must not have credentials in it; give them as option headers');
    }
    if (options.secret === '')
      throw new InputError('The secret of a webhook must not be empty; leave it out to sign nothing');
    this.#url = url;
    this.#name = `The webhook at ${parsed.origin}`;
    this.#options = options;
    this.#platform = platform;
  }

  /**
   * Sends findings, again where that may help.
   *
   * @param isLastTry whether one try must do
   * @returns why they were given up; undefined when they have arrived
   */
  async deliver(findings: readonly Finding[], isLastTry: boolean): Promise<Error | undefined> {
    const { attempts = 5 } = this.#options;
    const body = JSON.stringify({ findings });
    const headers = await this.#headers(body).catch((error: unknown) => asError(error));
    if (headers instanceof Error) return headers;
    for (let attempt = 1; ; attempt += 1) {
      const failed = await this.#post(body, headers);
      if (failed === undefined) return undefined;
      if (!failed.isPassing || isLastTry || attempt >= attempts) return failed.error;
      const asked = Math.min(failed.retryAfter ?? 0, LONGEST_WAIT);
      await this.#platform.sleep(backoffDelay(attempt, BACKOFF, this.#platform.random(), asked));
    }
  }

  async #headers(body: string): Promise<Record<string, string>> {
    const { secret, headers } = this.#options;
    const common = {
      ...headers,
      'content-type': 'application/json',
      'x-couchtide-delivery': this.#platform.uuid(),
    };
    if (secret === undefined) return common;
    this.#sign ??= hmacSha256(secret);
    const sign = await this.#sign;
    return { ...common, 'x-couchtide-signature': `sha256=${await sign(body)}` };
  }

  async #post(body: string, headers: Record<string, string>): Promise<FailedTry | undefined> {
    const { timeout = 10_000 } = this.#options;
    const controller = new AbortController();
    const late = new NetworkError(`${this.#name} did not answer for ${timeout / 1000} seconds`, 'timeout');
    const timer = this.#platform.sleep(timeout, controller.signal).then(
      () => controller.abort(late),
      () => {},
    );
    try {
      const init: RequestInit = { method: 'POST', headers, body, redirect: 'manual', signal: controller.signal };
      const response = await this.#platform.fetch(this.#url, init);
      // Whatever it has to say, the status has said enough.
      await response.body?.cancel().catch(() => {});
      const { ok, status } = response;
      if (ok) return undefined;
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      return {
        error: new CouchtideError(`${this.#name} answered with status ${status}`),
        isPassing: PASSING.has(status),
        ...(seconds >= 0 ? { retryAfter: seconds * 1000 } : {}),
      };
    } catch (error) {
      const cause = controller.signal.aborted
        ? late
        : new NetworkError(`${this.#name} cannot be reached`, 'unreachable', { cause: error });
      return { error: cause, isPassing: true };
    } finally {
      controller.abort();
      await timer;
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
