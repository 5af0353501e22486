import type { Platform } from '../../core/platform.ts';

/** A user of a CouchDB server. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The way to the server, for a request that is to be authorised. */
export interface Exchange {
  readonly platform: Platform;
  /** Sends a request with a JSON body; gives the answer, whatever its status, and the beginning of its text. */
  post(url: string, body: string): Promise<{ readonly response: Response; readonly beginning: string }>;
}

/** Authorises requests, and learns from their answers. */
export interface Authorization {
  /** The headers of the next request. */
  headers(exchange: Exchange): Promise<Headers>;
  /** Whether a request that was refused may be sent again, with other headers than it had. */
  renew(refused: Headers, exchange: Exchange): Promise<boolean>;
  /** Looks at an answer for what it says of the session. */
  learn?(answer: Headers): void;
  /** What `fetch` does about cookies that no program may see. */
  readonly credentials?: RequestCredentials;
}
