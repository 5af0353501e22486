import { InputError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { ScanContext, ScanPlugin } from '../plugin.ts';
import { addCounts, countFeatures, type DdocFeature, FEATURES, type FeatureCounts } from './count-features.ts';

/** Which features are looked for. By default those that CouchDB 4 is to have no more: updates, shows, lists and rewrites. */
export type DdocFeaturesOptions = Readonly<Partial<Record<DdocFeature, boolean>>>;

const DEFAULTS: DdocFeaturesOptions = { updates: true, shows: true, lists: true, rewrites: true };

/** Counts, and how many design documents they are of. */
interface Tally {
  readonly features: FeatureCounts;
  readonly ddocs: number;
}

const NOTHING: Tally = { features: {}, ddocs: 0 };

/** What is kept. */
interface Data extends JsonObject {
  readonly total: Tally;
  /** How many databases have features. */
  readonly databases: number;
  /** The database that is being scanned. */
  readonly open?: { readonly db: string; readonly tally: Tally };
}

const EMPTY: Data = { total: NOTHING, databases: 0 };

/** What it holds while a scan runs. */
interface State {
  data: Data;
  /** The database was entered again, and its design documents may come again, from the first one on. */
  isReentered: boolean;
}

/**
 * A plugin that counts what design documents have that will not be there in CouchDB 4, or that is worth knowing for other reasons: a
 * finding `{ feature, count }` for each feature of a design document, a report `{ features, ddocs }` for each database that has any, and
 * one for all databases `{ features, ddocs, databases }`. What they mean for CouchDB 4 says {@link couch4Report}.
 *
 * Counted are the members of `updates`, `shows`, `lists` and `filters`, the rules of `rewrites` (a function is one), reduce functions of
 * views that are not built in, and the `validate_doc_update`. Documents are not read.
 *
 * @throws InputError for a feature that is not known
 *
 * @example
 * ```ts
 * const plugin = ddocFeatures({ filters: true, reduce: true });
 * ```
 */
export function ddocFeatures(options: DdocFeaturesOptions = {}): ScanPlugin {
  const features = featuresOf(options);
  const plugin: ScanPlugin<State, Data> = {
    name: 'ddoc_features',
    configuration: { features },
    start: () => ({ state: { data: EMPTY, isReentered: false } }),
    resume: (_, data) => ({ state: { data, isReentered: false } }),
    db(state, { name }, context) {
      if (features.length === 0) return { go: 'stop' };
      const { open } = state.data;
      state.isReentered = open?.db === name;
      if (open?.db === name) return undefined;
      close(state, context);
      state.data = { ...state.data, open: { db: name, tally: NOTHING } };
      return undefined;
    },
    ddoc(state, { name }, { id, body }, { found }) {
      const before = state.isReentered ? NOTHING : (state.data.open?.tally ?? NOTHING);
      state.isReentered = false;
      const counts = countFeatures(id, body, features);
      for (const [feature, count] of Object.entries(counts)) found({ feature, count });
      const tally = Object.keys(counts).length === 0 ? before : add(before, { features: counts, ddocs: 1 });
      state.data = { ...state.data, open: { db: name, tally } };
    },
    dbClosing: (state, _, context) => close(state, context),
    checkpoint: ({ data }) => ({ data }),
    merge: (parts) => parts.map(allOf).reduce(join, EMPTY),
    complete(state, context) {
      close(state, context);
      const { total, databases } = state.data;
      context.report({ ...total, databases });
    },
  };
  return plugin;
}

/** Tells what was counted in the database that was being scanned, wherever it was left. */
function close(state: State, { report }: ScanContext): void {
  const { open } = state.data;
  if (open !== undefined && open.tally.ddocs > 0) report({ db: open.db, ...open.tally });
  state.data = allOf(state.data);
}

/** With what was counted in a database that is being scanned as a part of all. */
function allOf({ total, databases, open }: Data): Data {
  if (open === undefined || open.tally.ddocs === 0) return { total, databases };
  return { total: add(total, open.tally), databases: databases + 1 };
}

function join(a: Data, b: Data): Data {
  return { total: add(a.total, b.total), databases: a.databases + b.databases };
}

function add(a: Tally, b: Tally): Tally {
  return { features: addCounts(a.features, b.features), ddocs: a.ddocs + b.ddocs };
}

function featuresOf(options: DdocFeaturesOptions): readonly DdocFeature[] {
  for (const [name, isWanted] of Object.entries(options)) {
    if (!FEATURES.some((feature) => feature === name)) {
      throw new InputError(
        `Design documents have no feature ${JSON.stringify(name)}; there are ${FEATURES.join(', ')}`,
      );
    }
    if (typeof isWanted !== 'boolean')
      throw new InputError(`Option ${name} must be true or false, not ${String(isWanted)}`);
  }
  const wanted = { ...DEFAULTS, ...options };
  return FEATURES.filter((feature) => wanted[feature]);
}
