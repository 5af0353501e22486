import { BehaviorSubject, Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { progressLine, showProgress } from '../../../adapters/cli/progress.ts';
import { duration, harmless, plural, printable, size } from '../../../adapters/cli/wording.ts';
import { NetworkError } from '../../../src/core/errors.ts';
import type { Pull } from '../../../src/pull/pull.ts';
import type { PullEvent, PullStatus } from '../../../src/pull/status.ts';

const status: PullStatus = {
  state: 'catching-up',
  docsRead: 3000,
  docsWritten: 2500,
  docsFailed: 0,
  attachments: 0,
  attachmentsLeftOut: 0,
  pending: 6000,
  seq: '1',
  requests: 4,
  bytes: 1_234_567,
};

describe('progressLine', () => {
  test('says how many, how fast, and how long it may take', () => {
    expect(progressLine(status, 2000)).toBe('2,500 documents · 1,500/s · 1.2 MB · 6,000 to come · about 4.0 s left');
  });

  test('promises nothing that cannot be told', () => {
    expect(progressLine({ ...status, pending: undefined }, 2000)).toBe('2,500 documents · 1,500/s · 1.2 MB');
    expect(progressLine({ ...status, docsRead: 0, docsWritten: 0 }, 0)).toBe(
      '0 documents · 0/s · 1.2 MB · 6,000 to come',
    );
    expect(progressLine({ ...status, pending: 0 }, 2000)).toMatch(/0 to come$/);
  });
});

describe('showProgress', () => {
  function show(isTTY: boolean) {
    const status$ = new BehaviorSubject(status);
    const events$ = new Subject<PullEvent>();
    let written = '';
    const stderr = {
      isTTY,
      columns: 40,
      write: (text: string) => {
        written += text;
        return true;
      },
    };
    const end = showProgress({ status$, events$ } as unknown as Pull, { stderr } as never);
    return { status$, events$, end, written: () => written };
  }

  test('draws one line of a terminal again and again, no longer than it is wide, and clears it', () => {
    const { status$, end, written } = show(true);
    status$.next({ ...status, docsWritten: 2600 });
    end();
    const lines = written().split('\r');
    expect(lines[1]).toMatch(/^2,500 documents · /);
    for (const line of lines) expect(line.replaceAll('\x1b[K', '').length).toBeLessThan(40);
    expect(written().endsWith('\r\x1b[K')).toBe(true);
    status$.next(status);
    expect(written().split('\r')).toHaveLength(lines.length);
  });

  test('is quiet in pipes, but for what has to be known', () => {
    const { status$, events$, end, written } = show(false);
    status$.next({ ...status, docsWritten: 2600 });
    events$.next({ type: 'batch', read: 1, written: 1 });
    expect(written()).toBe('');
    events$.next({ type: 'failed', id: 'a\x1b', rev: '1-x', reason: 'broken\x07' });
    events$.next({ type: 'retry', failures: 1, delay: 1500, error: new NetworkError('Nobody answers', 'unreachable') });
    end();
    expect(written()).toBe('Could not have "a\\u001b" "1-x": broken\\u0007\nNobody answers; trying again in 1.5 s\n');
  });
});

describe('Wording', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [123_456, '123 kB'],
    [5e9, '5.0 GB'],
    [7e15, '7000 TB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });

  test.each([
    [0, '0.0 s'],
    [9_940, '9.9 s'],
    [59_000, '59 s'],
    [61_000, '1 min 1 s'],
    [3_600_000 * 5 + 60_000, '5 h 1 min'],
  ])('%d ms are %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  test('counts in words', () => {
    expect([plural(1, 'document'), plural(0, 'document'), plural(2000, 'entry', 'entries')]).toEqual([
      '1 document',
      '0 documents',
      '2,000 entries',
    ]);
  });

  test('lets no text steer a terminal', () => {
    const steering = 'a\x1b[2J\x07\x9b1m\u202eb\u2066\r\n';
    for (const text of [harmless(steering), printable(steering)]) expect(text).not.toMatch(/[\p{Cc}\u202e\u2066]/u);
    expect(printable('日本 é')).toBe('"日本 é"');
  });
});
