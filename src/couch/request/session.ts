import { ProtocolError } from '../../core/errors.ts';
import type { Authorization, Credentials, Exchange } from './authorization.ts';
import { refusal } from './refusal.ts';

/** A cookie is renewed when so much of its life is over. */
const RENEW_AT = 0.9;
/** How long a cookie is trusted whose answer does not say how long it lives, in milliseconds: CouchDB's default is ten minutes. */
const UNSAID_LIFE = 550_000;
/** A session that is refused so soon after it began is refused for another reason than its age. */
const YOUNG = 5_000;

/**
 * Cookie sessions of CouchDB (`POST /_session`): begun with the first request, taken over from answers that bring a newer
 * cookie, renewed before they end, and begun anew once when they are refused. Where a browser keeps cookies to itself, they
 * travel all the same. A server without sessions gets name and password with every request.
 */
export class SessionAuthorization implements Authorization {
  readonly credentials = 'include';
  readonly #url: string;
  readonly #body: string;
  readonly #basic: Headers;
  #headers = new Headers();
  /** Since when, and until when, the cookie is good; by the platform's steady clock. */
  #life: { readonly from: number; readonly until: number } | undefined;
  #login: Promise<void> | undefined;
  #now: () => number = () => 0;

  /** @param basic what authorises requests to a server that has no sessions */
  constructor(server: string, { username, password }: Credentials, basic: Headers) {
    this.#url = `${server}/_session`;
    this.#body = JSON.stringify({ name: username, password });
    this.#basic = basic;
  }

  async headers(exchange: Exchange): Promise<Headers> {
    this.#now = exchange.platform.elapsed;
    if (this.#life === undefined || this.#now() >= this.#life.until) await this.#begin(exchange);
    return this.#headers;
  }

  async renew(refused: Headers, exchange: Exchange): Promise<boolean> {
    if (this.#headers === this.#basic) return false;
    // Another request may have renewed it meanwhile.
    if (this.#headers.get('cookie') !== refused.get('cookie')) return true;
    if (this.#life !== undefined && this.#now() - this.#life.from < YOUNG) return false;
    await this.#begin(exchange);
    return true;
  }

  learn(answer: Headers): void {
    const cookie = answer.getSetCookie().find((line) => /^AuthSession=[^;]/.test(line));
    if (cookie === undefined) return;
    const maxAge = /;\s*max-age=(\d+)/i.exec(cookie)?.[1];
    const from = this.#now();
    this.#headers = new Headers({ cookie: cookie.split(';')[0] ?? '' });
    this.#life = { from, until: from + (maxAge === undefined ? UNSAID_LIFE : Number(maxAge) * 1000 * RENEW_AT) };
  }

  /** Begins a session; of several requests that need one at the same time, one does. */
  async #begin(exchange: Exchange): Promise<void> {
    this.#login ??= this.#logIn(exchange).finally(() => {
      this.#login = undefined;
    });
    await this.#login;
  }

  async #logIn({ platform, post }: Exchange): Promise<void> {
    const request = `POST ${this.#url}`;
    const { response, beginning } = await post(this.#url, this.#body);
    if (response.ok) {
      // A proxy's page is no session, whatever its status: what would be sent without a cookie would be turned away for good.
      if (!/^application\/json\b/i.test(response.headers.get('content-type') ?? '')) {
        throw new ProtocolError(`${request} began no session: the answer is not CouchDB's`, true);
      }
      const from = platform.elapsed();
      this.#headers = new Headers();
      this.#life = { from, until: from + UNSAID_LIFE };
      this.learn(response.headers);
    } else if (response.status === 404 || response.status === 405) {
      this.#headers = this.#basic;
      this.#life = { from: platform.elapsed(), until: Number.POSITIVE_INFINITY };
    } else {
      // A password that was refused is never tried again by itself: CouchDB locks a user out after a few failures.
      throw refusal(response, beginning, request, platform);
    }
  }
}
