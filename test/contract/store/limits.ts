import { isLimitError } from '../../../src/core/errors.ts';
import type { Key, KvLimits } from '../../../src/kv/kv.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { StoreCase } from '../store-case.ts';
import { entries, get, keys, remove, set } from './actions.ts';

const nothing = new Uint8Array();

/** How large things may be: as large as the store says, and refused beyond. */
export const limits: readonly StoreCase[] = [
  {
    name: 'has limits that one can build on',
    async run(open) {
      const kv = await open();
      for (const [name, limit] of Object.entries(kv.limits)) {
        ok(Number.isSafeInteger(limit) && limit > 0, `The limit ${name} is ${limit}, and no number one can count to`);
      }
      ok(kv.limits.guardsPerUpdate >= 10, 'An update takes less than 10 guards');
      ok(kv.limits.keyBytes >= 1024, 'A key has less than 1,024 bytes');
    },
  },
  {
    name: 'takes keys of keyBytes, and no longer ones',
    async run(open) {
      const kv = await open();
      const { keyBytes } = kv.limits;
      const [longest, tooLong] = [keyOf(keyBytes), keyOf(keyBytes + 1)];
      await set(kv, [longest]);
      equal(await keys(kv), [longest]);
      equal((await get(kv, longest))?.key, longest);
      equal(await kv.update([longest], ([seen]) => ({ result: seen?.key })), longest);
      await remove(kv, [longest]);
      const other = { set: [[['other'], nothing] as const], result: undefined };
      const refusals = [
        () => kv.read([longest, tooLong]),
        () => kv.update([tooLong], () => other),
        () => set(kv, [['other'], tooLong]),
        () => kv.update([], () => ({ ...other, delete: [tooLong] })),
      ];
      for (const refusal of refusals) await exceeds(refusal(), 'keyBytes', keyBytes);
      equal(await entries(kv), []);
    },
  },
  {
    name: 'takes values of valueBytes, and no larger ones',
    async run(open) {
      const kv = await open();
      const { valueBytes } = kv.limits;
      const largest = new Uint8Array(valueBytes).fill(7);
      await kv.update([], () => ({ set: [[['v'], largest]], result: undefined }));
      equal((await get(kv, ['v']))?.value, largest, 'The largest value');
      const before = (await get(kv, ['v']))?.version;
      const tooLarge = new Uint8Array(valueBytes + 1);
      const refused = kv.update([], () => ({
        set: [
          [['v'], nothing],
          [['w'], tooLarge],
        ],
        result: undefined,
      }));
      await exceeds(refused, 'valueBytes', valueBytes);
      equal(
        (await entries(kv)).map(({ version }) => version),
        [before],
        'The versions',
      );
    },
  },
  {
    name: 'reads keysPerRead keys at once, and no more',
    async run(open) {
      const kv = await open();
      const { keysPerRead } = kv.limits;
      const wanted = numbered(keysPerRead);
      await set(kv, [['n', keysPerRead - 1]]);
      const found = await kv.read(wanted);
      equal(found.length, keysPerRead, 'The number of answers');
      equal(
        found.findIndex((entry) => entry !== undefined),
        keysPerRead - 1,
        'The place of the only entry',
      );
      await exceeds(kv.read(numbered(keysPerRead + 1)), 'keysPerRead', keysPerRead);
    },
  },
  {
    name: 'takes guardsPerUpdate guards, and no more',
    async run(open) {
      const kv = await open();
      const { guardsPerUpdate } = kv.limits;
      const seen = await kv.update(numbered(guardsPerUpdate), (guarded) => ({
        set: [[['n', 0], nothing]],
        result: guarded.length,
      }));
      equal(seen, guardsPerUpdate);
      const refused = kv.update(numbered(guardsPerUpdate + 1), () => ({ delete: [['n', 0]], result: undefined }));
      await exceeds(refused, 'guardsPerUpdate', guardsPerUpdate);
      equal(await keys(kv), [['n', 0]]);
    },
  },
  {
    name: 'sets and deletes mutationsPerUpdate keys at once, and no more',
    async run(open) {
      const kv = await open();
      const { mutationsPerUpdate } = kv.limits;
      const many = numbered(mutationsPerUpdate);
      const values = many.map((key) => [key, nothing] as const);
      await kv.update([], () => ({ set: values, result: undefined }));
      equal((await keys(kv)).length, mutationsPerUpdate, 'The number of keys');
      const refused = kv.update([], () => ({
        set: values.slice(1),
        delete: [...many.slice(0, 1), ['x']],
        result: undefined,
      }));
      await exceeds(refused, 'mutationsPerUpdate', mutationsPerUpdate);
      await kv.update([], () => ({ set: values.slice(0, 1), delete: many.slice(1), result: undefined }));
      equal(await keys(kv), [['n', 0]]);
    },
  },
  {
    name: 'writes bytesPerUpdate bytes at once, and no more',
    async run(open) {
      const kv = await open();
      const { bytesPerUpdate, valueBytes, mutationsPerUpdate } = kv.limits;
      const length = Math.ceil(bytesPerUpdate / valueBytes) + 1;
      // Otherwise another limit is met first.
      if (length > mutationsPerUpdate) return;
      const shared = new Uint8Array(valueBytes);
      const filling = (bytes: number) =>
        parts(bytes - length * 20, length).map((size, at) => [keyOf(20, at), shared.subarray(0, size)] as const);
      await kv.update([], () => ({ set: filling(bytesPerUpdate), result: undefined }));
      const before = await versions();
      equal(before.length, length, 'The number of entries');
      const refused = kv.update([], () => ({ set: filling(bytesPerUpdate + 1), result: undefined }));
      await exceeds(refused, 'bytesPerUpdate', bytesPerUpdate);
      equal(await versions(), before, 'The versions');

      async function versions(): Promise<string[]> {
        return (await entries(kv)).map(({ version }) => version);
      }
    },
  },
  {
    name: 'takes keyBytesPerUpdate bytes of keys at once, guards and deleted keys too, and no more',
    async run(open) {
      const kv = await open();
      const { keyBytes, keyBytesPerUpdate, mutationsPerUpdate } = kv.limits;
      const length = Math.ceil(keyBytesPerUpdate / keyBytes) + 1;
      if (length > mutationsPerUpdate) return;
      const taking = (bytes: number) => {
        const [first = [], second = [], ...others] = parts(bytes, length).map((size, at) => keyOf(size, at));
        return kv.update([first], () => ({ set: [[second, nothing]], delete: others, result: second }));
      };
      equal(await keys(kv), []);
      const second = await taking(keyBytesPerUpdate);
      equal(await keys(kv), [second]);
      await remove(kv, [second]);
      await exceeds(taking(keyBytesPerUpdate + 1), 'keyBytesPerUpdate', keyBytesPerUpdate);
      equal(await keys(kv), []);
    },
  },
];

/** A key that takes so many bytes when it is packed. Keys of different numbers differ. */
function keyOf(bytes: number, number = 0): Key {
  return [String(number).padStart(bytes - 2, '0')];
}

function numbered(length: number): Key[] {
  return Array.from({ length }, (_, at) => ['n', at]);
}

/** A number in so many whole parts that differ by 1 at the most. */
function parts(total: number, length: number): number[] {
  const [least, rest] = [Math.floor(total / length), total % length];
  return Array.from({ length }, (_, at) => least + Number(at < rest));
}

/** Fails unless something was refused since it exceeds a limit by 1. */
async function exceeds(refused: Promise<unknown>, limit: keyof KvLimits, allowed: number): Promise<void> {
  const error = await rejects(refused, isLimitError, `More than ${limit}`);
  equal([error.limit, error.allowed, error.actual], [limit, allowed, allowed + 1], 'What the error says');
}
