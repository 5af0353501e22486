import { isJsonObject } from '../../core/json-value.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import type { Kv } from '../../kv/kv.ts';
import type { RateLimits } from '../limiter/limits.ts';
import type { SkipOptions, TextPattern } from '../pass/skip.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { ScanLayout } from '../state/layout.ts';

/** What can be changed while a scanner works, by anybody who has its store. What is absent is as each worker was told. */
export interface ScannerChanges extends SkipOptions {
  readonly schedule?: Schedule;
  readonly limits?: Partial<RateLimits>;
}

/** What a scanner was told, as its store keeps it. */
export interface ScannerSettings extends ScannerChanges {
  /** The plugins that are enabled, and since when, in milliseconds since 1970. */
  readonly enabled: Readonly<Record<string, number>>;
  /** Whether all workers stand still. */
  readonly isStopped: boolean;
}

const NONE: ScannerSettings = { enabled: {}, isStopped: false };

export async function readSettings(kv: Kv, layout: ScanLayout): Promise<ScannerSettings> {
  const [entry] = await kv.read([layout.settings]);
  return entry === undefined ? NONE : decode(entry.value);
}

/** Changes them, and says so to everybody who watches. The scanner is among the scans of its store from then on. */
export async function changeSettings(
  kv: Kv,
  layout: ScanLayout,
  change: (settings: ScannerSettings) => ScannerSettings,
): Promise<ScannerSettings> {
  return kv.update([layout.settings, layout.itself], ([entry, itself]) => {
    const settings = change(entry === undefined ? NONE : decode(entry.value));
    const listed = itself === undefined ? ([[layout.itself, encodeJson({ version: 1 })]] as const) : [];
    return { set: [[layout.settings, encode(settings)], ...listed], result: settings };
  });
}

function encode({ skipDbs, skipDdocs, skipDocs, limits, ...settings }: ScannerSettings): Uint8Array {
  const skip = { skipDbs: written(skipDbs), skipDdocs: written(skipDdocs), skipDocs: written(skipDocs) };
  const finite = mapped(limits, (limit) => (limit === Number.POSITIVE_INFINITY ? null : limit));
  return encodeJson({ version: 1, ...settings, ...skip, limits: finite });
}

function decode(value: Uint8Array): ScannerSettings {
  const stored = decodeJson(value);
  if (!isJsonObject(stored) || stored['version'] !== 1) return NONE;
  const { skipDbs, skipDdocs, skipDocs, limits, ...settings } = stored;
  return {
    ...(settings as unknown as ScannerSettings),
    ...(isJsonObject(limits)
      ? { limits: mapped(limits, (limit) => limit ?? Number.POSITIVE_INFINITY) as Partial<RateLimits> }
      : {}),
    ...(skipDbs === undefined ? {} : { skipDbs: read(skipDbs) }),
    ...(skipDdocs === undefined ? {} : { skipDdocs: read(skipDdocs) }),
    ...(skipDocs === undefined ? {} : { skipDocs: read(skipDocs) }),
  };
}

/** JSON knows no infinity. */
function mapped(limits: object | undefined, map: (limit: unknown) => unknown): object | undefined {
  return limits === undefined
    ? undefined
    : Object.fromEntries(Object.entries(limits).map(([kind, limit]) => [kind, map(limit)]));
}

/** A `RegExp` is kept with its flags, and stays one. */
function written(patterns: readonly TextPattern[] | undefined): unknown {
  return patterns?.map((one) => (typeof one === 'string' ? one : { source: one.source, flags: one.flags }));
}

function read(patterns: unknown): TextPattern[] {
  if (!Array.isArray(patterns)) return [];
  return patterns.map((one: unknown) =>
    isJsonObject(one) ? new RegExp(String(one['source']), String(one['flags'])) : String(one),
  );
}
