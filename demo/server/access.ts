/**
 * The seam between the server and the parts that decide who may do what: authentication, sessions and CORS implement
 * {@link Access}, the router calls it.
 *
 * @module
 */

import type { Identity } from './identity.ts';
import type { Answer, Request } from './model.ts';
import type { Security } from './security.ts';

/** What authentication, sessions and CORS do for the server. */
export interface Access {
  /**
   * Who sends this request. Called once for each, before anything else but {@link Access.preflight}.
   *
   * @throws Refusal for credentials that are wrong, malformed or locked out
   */
  authenticate(request: Request): Identity;
  /** `GET`, `POST`, `DELETE` (and `HEAD`) of `/_session`. */
  session(request: Request): Promise<Answer>;
  /** The answer to a CORS preflight; `undefined` for any other request. */
  preflight(request: Request): Answer | undefined;
  /** The answer with what CORS and cookie renewal add to it; refusals pass through here too, rendered. */
  dress(request: Request, answer: Answer): Answer;
  /**
   * @throws Refusal unless the request comes from a server admin
   */
  requireServerAdmin(request: Request): void;
  /**
   * @throws Refusal unless the request comes from an admin of the database or of the server
   */
  requireDatabaseAdmin(request: Request, security: Security): void;
  /**
   * @throws Refusal unless the request comes from a member of the database
   */
  requireMember(request: Request, security: Security): void;
}
