import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAttachmentStubs } from '../../../src/core/attachment-stub.ts';
import { isProtocolError } from '../../../src/core/errors.ts';
import { memberText } from '../../../src/core/json-text.ts';
import { boundaryOf } from '../../../src/couch/attachments/media-type.ts';
import { type Part, readMultipart } from '../../../src/couch/attachments/multipart.ts';
import { bodyOf, headerOf, readRecordings } from '../../demo/wire/recording.ts';
import { collect, cutAt, piecesOf } from '../../support/byte-pieces.ts';

/** A part read whole: its headers, and its content or its parts. */
interface Read {
  readonly headers: Record<string, string>;
  readonly content?: string;
  readonly parts?: Read[];
}

async function readAll(parts: AsyncIterable<Part>): Promise<Read[]> {
  const all: Read[] = [];
  for await (const part of parts) {
    const headers = Object.fromEntries(part.headers);
    if (boundaryOf(part.headers.get('content-type')) === undefined) {
      all.push({ headers, content: (await collect(part.bytes())).toString('latin1') });
    } else all.push({ headers, parts: await readAll(part.parts()) });
  }
  return all;
}

function contents(body: string | Uint8Array, boundary = 'B', size = Number.POSITIVE_INFINITY): Promise<Read[]> {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  return readAll(readMultipart(piecesOf(bytes, Math.min(size, bytes.byteLength + 1)), boundary));
}

const recorded = readRecordings().flatMap(({ name, response }) => {
  const type = headerOf(response.headers, 'content-type');
  const boundary = boundaryOf(type);
  return boundary === undefined ? [] : [{ name, boundary, body: bodyOf(response) }];
});

/** The content that a document says follows it. */
function announced({ content = '' }: Read): string[] {
  const stubs = parseAttachmentStubs(memberText(content, 0, '_attachments') ?? '{}');
  return stubs.filter(({ follows }) => follows).map(({ digest }) => digest);
}

function digestsOf(parts: readonly Read[]): string[] {
  return parts.map(({ content = '' }) => `md5-${createHash('md5').update(content, 'latin1').digest('base64')}`);
}

describe('What CouchDB has answered', () => {
  test('is of every shape', () => {
    expect(recorded.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'bulk-get-mp-0',
        'bulk-get-mp-many',
        'bulk-get-mp-odd-names',
        'bulk-get-mp-errors',
        'open-revs-mp-attconf',
        'doc-mp-related',
        'doc-mp-odd-names',
        'att-range-multi',
      ]),
    );
  });

  test.each(recorded)('is read to the last byte: $name', async ({ name, boundary, body }) => {
    const parts = await contents(body, boundary);
    if (name === 'att-range-multi') {
      expect(parts.map(({ content }) => content?.length)).toEqual([5, 5]);
      return;
    }
    // An answer about one document is of the inner shape only.
    const documents = name.startsWith('doc-') ? [{ headers: {}, parts }] : parts;
    for (const { content, parts: [document, ...attachments] = [] } of documents) {
      if (document === undefined)
        expect(JSON.parse(Buffer.from(content ?? '', 'latin1').toString())).toBeTypeOf('object');
      else expect(digestsOf(attachments)).toEqual(announced(document));
    }
    const delimiter = `--${boundary}`;
    const expected = name === 'bulk-get-mp-0' ? 0 : body.toString('latin1').split(delimiter).length - 2;
    expect(parts).toHaveLength(expected);
  });

  test.each(recorded)('is the same however it is cut: $name', async ({ boundary, body }) => {
    const whole = await contents(body, boundary);
    for (const size of [1, 2, 3, 7, 64, 1000]) expect(await contents(body, boundary, size)).toEqual(whole);
    // Every place of the short ones, and of the long ones as many.
    const step = Math.max(1, Math.floor(body.byteLength / 3000));
    for (let place = 1; place < body.byteLength; place += step) {
      expect(await readAll(readMultipart(cutAt(body, place), boundary))).toEqual(whole);
    }
  });

  test.each(recorded.filter(({ body }) => body.byteLength > 0))(
    'is known to be cut off: $name',
    async ({ boundary, body }) => {
      const end = body.lastIndexOf(`--${boundary}--`) + boundary.length + 4;
      const whole = await contents(body, boundary);
      expect(await contents(body.subarray(0, end), boundary)).toEqual(whole);
      const step = Math.max(1, Math.floor(end / 500));
      for (let length = end - 1; length > 0; length -= step) {
        await expect(contents(body.subarray(0, length), boundary)).rejects.toSatisfy(
          (error) => isProtocolError(error) && error.retryable,
        );
      }
    },
  );
});

describe('Any multipart body', () => {
  /** Bytes that look like delimiters more often than chance would have it. */
  const bytes = fc
    .array(fc.oneof(fc.constantFrom('\r', '\n', '\r\n', '-', '--', '--B', '\r\n--', '\r\n--b', 'B'), fc.string()), {
      maxLength: 12,
    })
    .map((parts) => Buffer.from(parts.join(''), 'latin1').toString('latin1'));
  const part = fc
    .record({ content: bytes, hasLength: fc.boolean(), name: fc.stringMatching(/^[a-z]{0,9}$/) })
    // Only a part that tells its length may hold a delimiter.
    .filter(({ content, hasLength }) => hasLength || !`\r\n${content}\r\n`.includes('\r\n--B'));
  type Sent = typeof part extends fc.Arbitrary<infer T> ? T : never;

  const headersOf = ({ content, hasLength, name }: Sent): Record<string, string> => ({
    'x-name': name,
    ...(hasLength ? { 'content-length': `${content.length}` } : {}),
  });
  function write(parts: readonly Sent[], boundary: string): string {
    const head = (sent: Sent): string =>
      Object.entries(headersOf(sent))
        .map(([name, value]) => `${name}:${value}\r\n`)
        .join('');
    return `${parts.map((sent) => `--${boundary}\r\n${head(sent)}\r\n${sent.content}\r\n`).join('')}--${boundary}--`;
  }

  test('is read as it was written, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 5 }),
        fc.array(part, { maxLength: 3 }),
        fc.constantFrom('', '\r\n', 'a preamble\r\n', '--no\r\n\r\n'),
        fc.constantFrom('', '\r\n', '\r\nan epilogue\r\n--B\r\n'),
        fc.array(fc.nat({ max: 600 }), { maxLength: 10 }),
        async (outer, inner, preamble, epilogue, places) => {
          const nested = `--B\r\nContent-Type: multipart/related; boundary=I\r\n\r\n${write(inner, 'I')}\r\n`;
          const body = Buffer.from(preamble + nested + write(outer, 'B') + epilogue, 'latin1');
          const read = await readAll(readMultipart(cutAt(body, ...places.map((at) => at % body.byteLength)), 'B'));
          const expected = (parts: readonly Sent[]): Read[] =>
            parts.map((sent) => ({ headers: headersOf(sent), content: sent.content }));
          expect(read).toEqual([
            { headers: { 'content-type': 'multipart/related; boundary=I' }, parts: expected(inner) },
            ...expected(outer),
          ]);
        },
      ),
    );
  });

  test('goes on with the next part, whatever was read of the last one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat({ max: 3 }), { minLength: 5, maxLength: 5 }),
        fc.integer({ min: 1, max: 20 }),
        async (parts, reads, size) => {
          const names: string[] = [];
          let index = 0;
          for await (const { headers, bytes } of readEach(parts, size)) {
            names.push(headers.get('x-name') ?? '');
            let left = reads[index++] ?? 0;
            for await (const _ of bytes()) if (left-- === 0) break;
          }
          expect(names).toEqual(parts.map(({ name }) => name));
        },
      ),
    );
    async function* readEach(parts: readonly Sent[], size: number) {
      const body = Buffer.from(write(parts, 'B'), 'latin1');
      for await (const received of readMultipart(piecesOf(body, size), 'B'))
        yield { headers: received.headers, bytes: () => received.bytes() };
    }
  });
});

describe('A multipart body is refused', () => {
  const head = '--B\r\nContent-Type: multipart/mixed; boundary=B2\r\n\r\n';
  test.each([
    ['without an end', '--B\r\n\r\nhello', 'B'],
    ['without a boundary', 'hello', 'B'],
    ['that is no multipart body at all', '{"error":"no"}', 'B'],
    ['whose boundary goes on', '--Bad\r\n\r\nhello\r\n--B--', 'B'],
    ['with lines that end in LF', '--B\n\nhello\n--B--', 'B'],
    ['that is shorter than it says', '--B\r\nContent-Length: 9\r\n\r\nhello\r\n--B--', 'B'],
    ['that is longer than it says', '--B\r\nContent-Length: 4\r\n\r\nhello\r\n--B--', 'B'],
    ['without an end to its headers', `--B\r\n${'x: y\r\n'.repeat(20_000)}`, 'B'],
    ['with one header without an end', `--B\r\nx: ${'y'.repeat(70_000)}`, 'B'],
    ['with a preamble without an end', 'x'.repeat(70_000), 'B'],
    ['whose boundary is none', '--\r\n\r\n', ''],
    ['whose boundary breaks the line', '--a\rb\r\n\r\nx\r\n--a\rb--', 'a\rb'],
    ['that lies too deep', `${head}--B2\r\nContent-Type: multipart/mixed; boundary=B3\r\n\r\n--B3\r\n\r\nx`, 'B'],
    ['whose inner one has no end', `${head}--B2\r\n\r\nx\r\n--B--`, 'B'],
  ])('%s', async (_, body, boundary) => {
    for (const size of [1, 100, 1_000_000]) {
      await expect(contents(body, boundary, size)).rejects.toSatisfy(isProtocolError);
    }
  });
});

describe('A multipart body', () => {
  test('of nothing has no parts', async () => {
    expect(await contents('')).toEqual([]);
  });

  test('may have a part without headers, and one without content', async () => {
    expect(await contents('--B\r\n\r\na\r\n--B\r\nx: y\r\n\r\n\r\n--B--')).toEqual([
      { headers: {}, content: 'a' },
      { headers: { x: 'y' }, content: '' },
    ]);
  });

  test('is searched for its boundary where the lengths of a part contradict each other', async () => {
    const body = '--B\r\nContent-Length: 1\r\nContent-Length: 5\r\n\r\nhello\r\n--B--';
    expect(await contents(body)).toMatchObject([{ content: 'hello' }]);
  });

  test('shows the first byte of a part and leaves it there', async () => {
    const seen: unknown[] = [];
    const body = Buffer.from('--B\r\n\r\n{}\r\n--B\r\nContent-Length: 0\r\n\r\n\r\n--B--');
    for await (const part of readMultipart(piecesOf(body, 1), 'B')) {
      seen.push(await part.peek(), String(await collect(part.bytes())));
    }
    expect(seen).toEqual([0x7b, '{}', undefined, '']);
  });

  test('gives nothing of a part that has been left', async () => {
    const left: Part[] = [];
    const body = Buffer.from('--B\r\n\r\na\r\n--B\r\n\r\nb\r\n--B--');
    for await (const part of readMultipart(piecesOf(body, 1), 'B')) {
      for (const former of left) expect(await collect(former.bytes())).toHaveLength(0);
      left.push(part);
    }
    expect(left).toHaveLength(2);
  });

  test('is closed when it is left, and when what follows it does not end', async () => {
    const closed: number[] = [];
    async function* body(): AsyncGenerator<Uint8Array> {
      let sent = 0;
      try {
        yield Buffer.from('--B\r\n\r\na\r\n--B--');
        for (; ; sent += 1000) yield new Uint8Array(1000);
      } finally {
        closed.push(sent);
      }
    }
    for await (const _ of readMultipart(body(), 'B')) break;
    expect(closed).toEqual([0]);
    expect(await readAll(readMultipart(body(), 'B'))).toHaveLength(1);
    expect(closed[1]).toBeLessThan(100_000);
  });

  test.each([true, false])('is never read ahead of, nor kept; its length told: %s', async (hasLength) => {
    const size = 64 * 1024;
    const count = 200;
    let sent = 0;
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`--B\r\n${hasLength ? `Content-Length: ${size * count}\r\n` : ''}\r\n`);
      const piece = new Uint8Array(size).fill(0x0d);
      for (; sent < count; sent += 1) yield piece;
      yield Buffer.from('\r\n--B--');
    }
    let received = 0;
    for await (const part of readMultipart(body(), 'B')) {
      for await (const piece of part.bytes()) {
        received += piece.byteLength;
        // The piece at hand is the only one under way.
        expect(sent * size - received).toBeLessThanOrEqual(size);
        expect(piece.byteLength).toBeLessThanOrEqual(size);
      }
    }
    expect(received).toBe(size * count);
  });
});
