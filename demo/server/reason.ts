import { STATUS_CODES } from 'node:http';

/** The words that go with a status. CouchDB's library has some of its own. */
export function reasonOf(status: number): string {
  return OWN_WORDS[status] ?? STATUS_CODES[status] ?? 'Unknown';
}

const OWN_WORDS: Readonly<Record<number, string>> = {
  302: 'Moved Temporarily',
  404: 'Object Not Found',
  413: 'Request Entity Too Large',
  416: 'Requested Range Not Satisfiable',
};
