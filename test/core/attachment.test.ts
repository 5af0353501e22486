import { lastValueFrom, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { Attachment } from '../../src/core/attachment.ts';
import { collect } from '../support/byte-pieces.ts';

const info = { name: 'a.txt', rev: '1-a', contentType: 'text/plain', length: 10, digest: 'md5-x' };

/** Ten bytes, two at a time, and how far they have been read. */
function opened(signal?: AbortSignal) {
  const watch = { opened: 0, given: 0, closed: 0, aborted: false };
  const attachment = new Attachment(
    info,
    async function* (stop) {
      watch.opened += 1;
      try {
        for (const pair of ['01', '23', '45', '67', '89']) {
          stop.throwIfAborted();
          watch.given += 1;
          yield new TextEncoder().encode(pair);
        }
      } finally {
        watch.closed += 1;
        watch.aborted = stop.aborted;
      }
    },
    signal,
  );
  return { attachment, watch };
}

describe('An attachment', () => {
  test('reads nothing before it is asked to, and everything as often as it is', async () => {
    const { attachment, watch } = opened();
    expect({ ...attachment }).toEqual(info);
    expect(watch.opened).toBe(0);
    expect(String(await collect(attachment.bytes()))).toBe('0123456789');
    expect(await new Response(attachment.stream() as BodyInit).text()).toBe('0123456789');
    const blob = await attachment.blob();
    expect([await blob.text(), blob.type]).toEqual(['0123456789', 'text/plain']);
    expect(await lastValueFrom(attachment.bytes().pipe(toArray()))).toHaveLength(5);
    expect(watch).toMatchObject({ opened: 4, closed: 4, aborted: false });
  });

  test('streams no faster than it is read, and closes when nobody reads on', async () => {
    const { attachment, watch } = opened();
    const reader = attachment.stream().getReader();
    expect(watch.opened).toBe(0);
    await reader.read();
    expect(watch.given).toBe(1);
    await reader.cancel();
    expect(watch).toMatchObject({ given: 1, closed: 1, aborted: true });
  });

  test('fails a stream as its reading fails', async () => {
    const abort = new AbortController();
    const { attachment } = opened(abort.signal);
    const reader = attachment.stream().getReader();
    await reader.read();
    abort.abort(new Error('enough'));
    await expect(reader.read()).rejects.toThrow('enough');
    await expect(attachment.blob()).rejects.toThrow('enough');
  });
});
