import type { Entry, Key } from '../../kv/kv.ts';
import { listPages } from '../../kv/list.ts';
import { isCount } from '../count.ts';
import type { Damage, Inspection } from '../storage.ts';
import type { NumberSet } from '../verify/number-set.ts';
import { tryDecode } from '../verify/try-decode.ts';
import { type BlockPlace, unlessDamaged } from './blocks.ts';
import { inspectChildren } from './inspect-run.ts';
import { useOf } from './job-use.ts';
import { jobOf } from './jobs.ts';
import { decodeNode } from './node.ts';
import type { Run } from './run.ts';
import { decodeRest, type RunDraft } from './run-draft.ts';
import type { Workshop } from './workshop.ts';

/** Records that are read together, each of half a megabyte at most. */
const RECORDS = 16;

/** What is in use, as far as it is known. */
export interface InUse {
  readonly runs: readonly Run[];
  /** Records of bodies that documents name. */
  readonly bodies: NumberSet;
  /** Blocks that the order of changes names. */
  readonly places: readonly BlockPlace[];
  /** Runs that are being written. */
  readonly outputs: ReadonlySet<number>;
}

/** What nothing uses. */
export interface Unused {
  records: number;
  bytes: number;
  /** The first number after those of all records, used or not. */
  next: number;
}

/** Looks through the jobs that are under way. Gives the numbers of the runs that they write. */
export async function* inspectJobs(
  workshop: Workshop,
  runs: readonly Run[],
): AsyncGenerator<Inspection, ReadonlySet<number>, undefined> {
  const { kv, layout } = workshop;
  const numbers = new Set(runs.map(({ number }) => number));
  const outputs = new Set<number>();
  for await (const entries of listPages(kv, { prefix: layout.upkeep })) {
    const damages: Damage[] = [];
    for (const entry of entries) {
      const use =
        entry.key.length === layout.upkeep.length + 1 ? tryDecode(() => useOf(jobOf(entry)), entry.value) : undefined;
      if (use === undefined || use.inputs.some((input) => !numbers.has(input))) {
        damages.push(unknown(entry.key, 'jobs of upkeep'));
      } else if (use.output !== undefined) {
        const { number, draft } = use.output;
        outputs.add(number);
        if (draft !== undefined) damages.push(...(await draftDamages(workshop, number, draft)));
      }
    }
    yield { documents: [], damages };
  }
  return outputs;
}

/** What is wrong with a run that is half written. */
async function draftDamages(workshop: Workshop, run: number, { block, bytes }: RunDraft): Promise<Damage[]> {
  const { blocks, layout } = workshop;
  const open = await unlessDamaged(async () => {
    const [rest = new Uint8Array()] = await blocks.read([{ run, block, bytes }]);
    return decodeRest(rest).open.map((node) => (node.length === 0 ? [] : decodeNode(node)));
  });
  const message = 'Documents that are being merged cannot be read';
  if (open === undefined) return [{ key: layout.block(run, block), kind: 'document', message }];
  const damages: Damage[] = [];
  for (const [level, children] of open.entries()) {
    const range = { from: new Uint8Array(), to: undefined, height: level + 1 };
    for await (const { damage } of inspectChildren(workshop, run, children, range))
      damages.push({ ...damage, message });
  }
  return damages;
}

/** Looks for records of bodies and blocks that nothing names. */
export async function* inspectUnused(
  { kv, layout }: Workshop,
  { runs, bodies, places, outputs }: InUse,
): AsyncGenerator<Inspection, Unused, undefined> {
  const unused: Unused = { records: 0, bytes: 0, next: 0 };
  const count = (isUsed: boolean, number: number, { value }: Entry): void => {
    unused.next = Math.max(unused.next, number + 1);
    if (isUsed) return;
    unused.records += 1;
    unused.bytes += value.length;
  };
  for await (const entries of listPages(kv, { prefix: layout.bodies }, { pageSize: RECORDS })) {
    const damages: Damage[] = [];
    for (const entry of entries) {
      const [number, ...more] = entry.key.slice(layout.bodies.length);
      if (isCount(number) && more.length === 0) count(bodies.has(number), number, entry);
      else damages.push(unknown(entry.key, 'bodies'));
    }
    yield { documents: [], damages };
  }
  const blocksOf = new Map(runs.map(({ number, blocks }) => [number, blocks]));
  const isNamed = (run: number, block: number): boolean =>
    block < (blocksOf.get(run) ?? 0) ||
    outputs.has(run) ||
    places.some((place) => place.run === run && block >= place.block);
  for await (const entries of listPages(kv, { prefix: layout.blocks }, { pageSize: RECORDS })) {
    const damages: Damage[] = [];
    for (const entry of entries) {
      const [run, block, ...more] = entry.key.slice(layout.blocks.length);
      if (isCount(run) && isCount(block) && more.length === 0) count(isNamed(run, block), run, entry);
      else damages.push(unknown(entry.key, 'pages'));
    }
    yield { documents: [], damages };
  }
  return unused;
}

/** What is told of a record that nobody has written. */
export function unknown(key: Key, place: string): Damage {
  return { key, kind: 'unknown', message: `A record among the ${place} is none of the replica` };
}
