import { jsonAnswer } from '../answers.ts';
import type { Endpoint, Exchange } from '../exchange.ts';

/** The endpoint of the server that the first part of a path names; `undefined` when it names a database. */
export function serverRoute(first: string, _exchange: Exchange): Endpoint<Exchange> | undefined {
  return first === '' ? root : undefined;
}

const root: Endpoint<Exchange> = {
  allow: 'GET,HEAD',
  methods: { GET: ({ state }) => jsonAnswer(`{"couchdb":"Welcome","version":"3.4.3","uuid":"${state.uuid}"}`) },
};
