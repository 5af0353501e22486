import { couch } from '../../src/couch/couch.ts';
import type { Database } from '../../src/couch/database.ts';
import { hasCredentials } from '../../src/couch/request/address.ts';
import type { Context } from './context.ts';

/**
 * The database of a url, with the credentials in it, or else with those of the environment.
 *
 * @throws InputError when the url names no database
 */
export function openSource(url: string, { COUCHTIDE_USER, COUCHTIDE_PASSWORD = '' }: Context['environment']): Database {
  if (COUCHTIDE_USER === undefined || hasCredentials(url)) return couch.db(url);
  return couch.db(url, { auth: { username: COUCHTIDE_USER, password: COUCHTIDE_PASSWORD } });
}
