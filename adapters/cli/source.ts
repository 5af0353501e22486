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

/**
 * The credentials of a name: those that the environment holds in `NAME_USER` and `NAME_PASSWORD`, the name in capitals. So that
 * what is stored can name them without holding them.
 */
export function credentialsIn(
  environment: Context['environment'],
  name: string,
): { readonly username: string; readonly password: string } | undefined {
  const prefix = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
  const username = environment[`${prefix}_USER`];
  return username === undefined ? undefined : { username, password: environment[`${prefix}_PASSWORD`] ?? '' };
}
