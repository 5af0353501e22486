import { ClosedError, CouchtideError, InputError } from '../../core/errors.ts';
import { Gate } from '../../core/gate.ts';
import { type Platform, platform } from '../../core/platform.ts';
import type { Finding } from '../events.ts';
import { Delivery, type DeliveryOptions } from './webhook-delivery.ts';

/** How findings are sent. */
export interface WebhookOptions extends DeliveryOptions {
  /** Findings of one request at the most. Default 100. Ten times as many wait to be sent. */
  readonly batchSize?: number;
  /** How long `send` waits for room, in milliseconds, before a finding is given up. Default 10,000. */
  readonly patience?: number;
  /** Told of findings that are given up. What it throws ends the sending, and is thrown by `close`. */
  readonly onFailure?: (failure: WebhookFailure) => void;
  /** `fetch`, clock and chance, where they are not those of the platform. */
  readonly platform?: Partial<Platform>;
}

/** Findings that were given up. */
export interface WebhookFailure {
  readonly findings: number;
  readonly error: Error;
}

/** What has become of the findings. */
export interface WebhookSummary {
  readonly sent: number;
  readonly failed: number;
}

/** Takes findings to be sent. */
export interface Webhook {
  /**
   * Sends a finding, together with others. Resolves as soon as there is room for it, and never rejects for what the receiver does.
   *
   * @throws ClosedError after `close`
   */
  send(finding: Finding): Promise<void>;
  /** Waits until everything is sent or given up. */
  close(): Promise<WebhookSummary>;
}

/** So many requests' worth of findings wait. */
const BATCHES_WAITING = 10;

/**
 * Sends findings to a url as `POST {"findings":[…]}`, at once, and those that come while a request is under way together with the next.
 *
 * Each request has an id in `x-couchtide-delivery`, the same for all its tries, and with a `secret` a signature in
 * `x-couchtide-signature`: `sha256=` and the HMAC-SHA-256 of the body in hexadecimal. A request that fails for the moment is tried
 * again, with growing waits. A receiver that stays away does not hold up the scan: once one request was given up, the next ones are
 * tried once each, and what finds no room is given up at once, until one succeeds.
 *
 * @throws InputError for what is no http or https url, or has credentials in it, which belong into `headers`
 *
 * @example
 * ```ts
 * const alerts = webhook('https://hooks.example/couchtide', { secret: 'of both' });
 * await alerts.send({ type: 'finding', plugin: 'find', db: 'shop', id: 'a', tag: 'aws', where: '/key' });
 * await alerts.close(); // { sent: 1, failed: 0 }
 * ```
 */
export function webhook(url: string, options: WebhookOptions = {}): Webhook {
  const { batchSize = 100 } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new InputError(`Option batchSize of a webhook must be a whole number from 1 on, not ${batchSize}`);
  }
  return new QueuedWebhook(url, batchSize, options);
}

class QueuedWebhook implements Webhook {
  readonly #delivery: Delivery;
  readonly #batchSize: number;
  readonly #patience: number;
  readonly #onFailure: (failure: WebhookFailure) => void;
  readonly #platform: Platform;
  /** Closed while there is no room. */
  readonly #room = new Gate();
  #waiting: Finding[] = [];
  #sending: Promise<void> | undefined;
  #isClosed = false;
  /** The last request was given up, for this reason. */
  #broken: Error | undefined;
  #sent = 0;
  #failed = 0;

  constructor(url: string, batchSize: number, options: WebhookOptions) {
    const { patience = 10_000, onFailure = () => {}, platform: replaced = {} } = options;
    this.#platform = platform(replaced);
    this.#delivery = new Delivery(url, options, this.#platform);
    this.#batchSize = batchSize;
    this.#patience = patience;
    this.#onFailure = onFailure;
  }

  async send(finding: Finding): Promise<void> {
    if (this.#isClosed) throw new ClosedError('The webhook is closed; nothing more can be sent');
    await this.#waitForRoom();
    if (this.#isFull) {
      this.#giveUp(1, this.#broken ?? new CouchtideError('The webhook is too slow for so many findings'));
      return;
    }
    this.#waiting.push(finding);
    if (this.#sending !== undefined) return;
    this.#sending = this.#sendAll();
    // What `onFailure` throws is told by `close`.
    this.#sending.catch(() => {});
  }

  async close(): Promise<WebhookSummary> {
    this.#isClosed = true;
    await this.#sending;
    return { sent: this.#sent, failed: this.#failed };
  }

  get #isFull(): boolean {
    return this.#waiting.length >= BATCHES_WAITING * this.#batchSize;
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#batchSize);
      this.#room.open();
      const error = await this.#delivery.deliver(batch, this.#broken !== undefined);
      this.#broken = error;
      if (error === undefined) this.#sent += batch.length;
      else {
        this.#giveUp(batch.length, error);
        // Who waits for room need not wait any longer.
        this.#room.open();
      }
    }
    this.#sending = undefined;
  }

  /** Resolves when there is room, or there will be none for longer than may be waited. */
  async #waitForRoom(): Promise<void> {
    if (!this.#isFull || this.#broken !== undefined) return;
    const over = new AbortController();
    const patience = this.#platform.sleep(this.#patience, over.signal).then(
      () => over.abort(),
      () => {},
    );
    while (this.#isFull && this.#broken === undefined && !over.signal.aborted) {
      this.#room.close();
      await this.#room.pass(over.signal).catch(() => {});
    }
    over.abort();
    await patience;
  }

  #giveUp(findings: number, error: Error): void {
    this.#failed += findings;
    this.#onFailure({ findings, error });
  }
}
