import type { Auth } from './request/auth.ts';

/** The numbers of functions that authorise requests: what they will answer cannot be known. */
const numbers = new WeakMap<object, number>();
let last = 0;

/** What handles have in common that see the same of a server. It may contain credentials, and is never to be shown. */
export function groupOf(server: string, auth: Auth | undefined, headers: HeadersInit | undefined): string {
  const own: string[] = [];
  new Headers(headers).forEach((value, name) => {
    own.push(name, value);
  });
  return JSON.stringify([server, typeof auth === 'function' ? numberOf(auth) : auth, own]);
}

function numberOf(ask: object): number {
  const number = numbers.get(ask) ?? ++last;
  numbers.set(ask, number);
  return number;
}
