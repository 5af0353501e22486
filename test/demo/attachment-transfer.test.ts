import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { attachmentAnswer } from '../../demo/server/attachment-transfer.ts';
import { type Answer, Refusal, type StoredAttachment } from '../../demo/server/model.ts';
import { request } from './request.ts';

const digits: StoredAttachment = {
  name: 'digits',
  contentType: 'image/png',
  revpos: 1,
  digest: 'md5-digest',
  stored: Buffer.from('0123456789'),
  length: 10,
};
const zipped = gzipSync('hello');
const compressed: StoredAttachment = {
  ...digits,
  contentType: 'text/plain',
  stored: zipped,
  encoding: 'gzip',
  length: 5,
};

function answer(attachment: StoredAttachment, headers: Record<string, string> = {}): Answer {
  return attachmentAnswer(request('GET', '/db/doc/digits', headers), attachment, () => 'BOUNDARY');
}

function text({ body }: Answer): string {
  const pieces = typeof body === 'string' || body instanceof Uint8Array ? [body] : body;
  if (!(Symbol.iterator in pieces)) throw new TypeError('The body comes in time');
  return Array.from(pieces, (piece) => Buffer.from(piece).toString('latin1')).join('|');
}

test.each([
  ['bytes=2-4', '234', 'bytes 2-4/10'],
  ['bytes=2-', '23456789', 'bytes 2-9/10'],
  ['bytes=-3', '789', 'bytes 7-9/10'],
  ['bytes=-30', '0123456789', 'bytes 0-9/10'],
  ['bytes=8-20', '89', 'bytes 8-9/10'],
  ['bytes= 0-0 ', '0', 'bytes 0-0/10'],
])('sends the range %s', (range, content, contentRange) => {
  const partial = answer(digits, { range });
  expect([partial.status, text(partial), partial.headers['Content-Range']]).toEqual([206, content, contentRange]);
});

test.each(['bytes=0-', 'bytes=a-b', 'bytes=1-2,x', 'bytes=', 'chars=1-2', 'bytes=-', `bytes=${'1-2,'.repeat(10)}`])(
  'sends everything for %s',
  (range) => {
    const whole = answer(digits, { range });
    expect([whole.status, text(whole), whole.headers['Accept-Ranges']]).toEqual([200, '0123456789', 'bytes']);
  },
);

test.each(['bytes=10-12', 'bytes=4-2', 'bytes=1-2,20-'])('refuses %s', (range) => {
  expect(() => answer(digits, { range })).toThrow(Refusal);
});

test('sends several ranges as parts', () => {
  const parts = answer(digits, { range: 'bytes=0-1,-1' });
  expect([parts.status, parts.headers]).toEqual([206, { 'Content-Type': 'multipart/byteranges; boundary="BOUNDARY"' }]);
  expect(text(parts)).toBe(
    '--BOUNDARY|\r\nContent-Type: image/png\r\nContent-Range: bytes 0-1/10\r\n\r\n|01|\r\n--BOUNDARY|' +
      '\r\nContent-Type: image/png\r\nContent-Range: bytes 9-9/10\r\n\r\n|9|\r\n--BOUNDARY|--',
  );
});

test.each([
  ['gzip', true],
  ['br, gzip;q=0.5', true],
  ['*', true],
  ['gzip;q=0', false],
  ['identity', false],
])('sends compressed content to a client that accepts %s: %s', (accepted, isSentSo) => {
  const sent = answer(compressed, { 'accept-encoding': accepted, range: 'bytes=0-1' });
  expect(sent.status).toBe(200);
  expect(sent.headers['Content-Encoding']).toBe(isSentSo ? 'gzip' : undefined);
  expect(sent.body).toEqual(isSentSo ? zipped : Buffer.from('hello'));
});

test('unpacks in pieces what came compressed, since its size is not known', () => {
  expect(answer({ ...compressed, length: zipped.length }).body).toEqual([Buffer.from('hello')]);
});

test.each([
  ['"digest"', 304],
  ['"other", "digest"', 304],
  ['"other"', 200],
])('answers If-None-Match: %s with %i', (tags, status) => {
  expect(answer(digits, { 'if-none-match': tags }).status).toBe(status);
});
