import { describe, expect, test } from 'vitest';
import type { CorsConfig, ServerConfig } from '../../demo/server/config.ts';
import type { Answer } from '../../demo/server/model.ts';
import { setUp } from './access-setup.ts';
import { request } from './request.ts';

describe('CORS', () => {
  const cors: CorsConfig = { origins: ['https://a.example'], credentials: false, headers: ['X-One'], methods: ['GET'] };
  const { access } = setUp({ cors });
  const preflight = (headers: Record<string, string>): Answer | undefined =>
    access.preflight(request('OPTIONS', '/db', { origin: 'https://a.example', ...headers }));

  test('allows what is configured', () => {
    expect(preflight({ 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-one' })).toEqual({
      status: 204,
      headers: {
        'Access-Control-Allow-Origin': 'https://a.example',
        'Access-Control-Allow-Headers': 'x-one',
        'Access-Control-Allow-Methods': 'GET',
        'Access-Control-Max-Age': '600',
      },
      body: '',
    });
  });

  test.each<[string, Record<string, string>]>([
    ['another method', { 'access-control-request-method': 'PUT' }],
    ['another header', { 'access-control-request-method': 'GET', 'access-control-request-headers': 'X-One, X-Two' }],
    ['another origin', { 'access-control-request-method': 'GET', origin: 'https://b.example' }],
    ['no method', {}],
  ])('does not allow %s', (_, headers) => {
    expect(preflight(headers)).toBeUndefined();
  });

  test('shows answers to the pages of an allowed origin only', () => {
    const answer: Answer = { status: 200, headers: { ETag: '"a"', Pragma: 'no-cache' }, body: '' };
    const dressed = (origin: string, config: Partial<ServerConfig>): unknown =>
      setUp(config).access.dress(request('GET', '/', { origin }), answer).headers;
    expect(dressed('https://b.example', { cors })).toEqual(answer.headers);
    expect(dressed('https://a.example', {})).toEqual(answer.headers);
    expect(dressed('https://b.example', { cors: { ...cors, origins: ['*'], credentials: true } })).toEqual({
      ...answer.headers,
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Origin': 'https://b.example',
      'Access-Control-Expose-Headers':
        'content-type, pragma, accept-ranges, etag, server, x-couch-request-id, x-couch-update-newrev, x-couchdb-body-time',
    });
  });
});
