import { InputError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { ScanPlugin } from '../plugin.ts';
import { addCounts, countFeatures, type DdocFeature, FEATURES, type FeatureCounts } from './count-features.ts';
import { type Counting, TallyBook, type TallyData } from './tally-book.ts';

/** Which features are looked for. By default those that CouchDB 4 is to have no more: updates, shows, lists and rewrites. */
export type DdocFeaturesOptions = Readonly<Partial<Record<DdocFeature, boolean>>>;

const DEFAULTS: DdocFeaturesOptions = { updates: true, shows: true, lists: true, rewrites: true };

/** Features, and how many design documents have them. */
interface Tally extends JsonObject {
  readonly features: FeatureCounts;
  readonly ddocs: number;
}

const COUNTING: Counting<Tally> = {
  nothing: { features: {}, ddocs: 0 },
  add: (a, b) => ({ features: addCounts(a.features, b.features), ddocs: a.ddocs + b.ddocs }),
  isNothing: ({ ddocs }) => ddocs === 0,
};

/** What it holds while a scan runs. */
interface State {
  readonly book: TallyBook<Tally>;
  /** The database was entered again, and its design documents may come again, from the first one on. */
  isReentered: boolean;
}

/**
 * A plugin that counts what design documents have that will not be there in CouchDB 4, or that is worth knowing for other reasons: a
 * finding `{ feature, count }` for each feature of a design document, a report `{ features, ddocs }` for each database that has any, and
 * one for all databases that were looked at, `{ features, ddocs, databases }`. What that means for CouchDB 4 says {@link couch4Report}.
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
  const begin = (data?: TallyData<Tally>): { state: State } => ({
    state: { book: new TallyBook(COUNTING, data), isReentered: false },
  });
  const plugin: ScanPlugin<State, TallyData<Tally>> = {
    name: 'ddoc_features',
    configuration: { features },
    start: () => begin(),
    resume: (_, data) => begin(data),
    db(state, { name }, { report }) {
      if (features.length === 0) return { go: 'stop' };
      state.isReentered = state.book.enter(name, report);
      return undefined;
    },
    ddoc(state, _, { id, body }, { found }) {
      if (state.isReentered) state.book.restart();
      state.isReentered = false;
      const counts = countFeatures(id, body, features);
      for (const [feature, count] of Object.entries(counts)) found({ feature, count });
      if (Object.keys(counts).length > 0) state.book.count({ features: counts, ddocs: 1 });
    },
    dbClosing: ({ book }, _, { report }) => book.close(report),
    checkpoint: ({ book }) => ({ data: book.data }),
    merge: (parts) => TallyBook.join(COUNTING, parts),
    complete: ({ book }, { report }) => report(book.complete(report)),
  };
  return plugin;
}

function featuresOf(options: DdocFeaturesOptions): readonly DdocFeature[] {
  for (const [name, isWanted] of Object.entries(options)) {
    if (!FEATURES.some((feature) => feature === name)) {
      throw new InputError(
        `Design documents have no feature ${JSON.stringify(name)}; there are ${FEATURES.join(', ')}`,
      );
    }
    if (typeof isWanted !== 'boolean') {
      throw new InputError(`Option ${name} must be true or false, not ${String(isWanted)}`);
    }
  }
  const wanted = { ...DEFAULTS, ...options };
  return FEATURES.filter((feature) => wanted[feature]);
}
