import { InputError, isPluginError } from '../../core/errors.ts';
import { isPromise } from '../../core/is-promise.ts';
import { isJsonObject, type JsonObject } from '../../core/json-value.ts';
import type { Failure, Finding, FindingDetails, PluginSummary, Report, ReportDetails } from '../events.ts';
import type { Awaitable, ScanContext, ScanPlugin } from '../plugin.ts';
import { type Answer, type Callback, checkAnswer, type Go, illegal } from './answers.ts';
import { identityOf } from './identity.ts';
import type { Phase, Scanned } from './scanned.ts';
import type { Subject } from './subject.ts';

/** What a run needs from outside. */
export interface RunSettings {
  /** How many objects a plugin may fail on before its run ends. */
  readonly maxFailures: number;
  /** Findings that are neither told nor kept. */
  readonly isKnown: ((finding: Finding) => boolean) | undefined;
  /** Waits until so many documents may be written to the source. */
  readonly write: (documents: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * One plugin in one run of a scan: calls it, holds its state, isolates what it throws, and gathers what it tells. Small callbacks
 * that answer at once are not waited for.
 */
export class PluginRun {
  readonly plugin: ScanPlugin;
  readonly scan: string;
  /** How the run has ended; undefined while it goes on. */
  outcome: PluginSummary['state'] | undefined;
  /** What the run has failed of. */
  error: unknown;
  /** When the plugin wants to run again. */
  at: number | undefined;
  /** The plugin wants no more databases. */
  isThrough = false;
  findings = 0;
  failures = 0;
  /** Whether it has to be known what was looked at without finding anything: what was found there before is found no more. */
  tracks = false;
  readonly #settings: RunSettings;
  readonly #context: ScanContext;
  #state: unknown;
  #phase: Phase = 'db';
  #subject: Subject = {};
  #told: (Finding | Report | Failure)[] = [];
  #scanned = new Map<string, Scanned>();

  constructor(plugin: ScanPlugin, scan: string, settings: RunSettings) {
    this.plugin = plugin;
    this.scan = scan;
    this.#settings = settings;
    this.#context = {
      scan,
      plugin: plugin.name,
      found: (details) => this.#found(details),
      report: (details) => this.#report(details),
      write: (documents) => settings.write(documents),
      signal: settings.signal,
    };
  }

  /** Whether it still takes part. */
  get isActive(): boolean {
    return this.outcome === undefined && !this.isThrough;
  }

  /** Begins, or goes on from what was kept. Whether the run goes on. */
  async begin(callback: 'start' | 'resume', data: JsonObject | undefined): Promise<boolean> {
    const { plugin } = this;
    const answer = await this.once(callback, (context) =>
      callback === 'start' ? plugin.start(context, data) : plugin.resume(context, data ?? {}),
    );
    if (answer === undefined) return false;
    if (answer.go === 'skip') this.outcome = 'skipped';
    if (answer.go === 'reset') this.outcome = 'reset';
    if (answer.go === 'reschedule') this.#postpone(answer);
    this.#state = answer['state'];
    return this.outcome === undefined;
  }

  /** The plugin's data, as they are to be kept; undefined when the run has ended without any. */
  async checkpoint(): Promise<JsonObject | undefined> {
    const { plugin } = this;
    if (plugin.checkpoint === undefined) return {};
    const answer = await this.once('checkpoint', (context) => plugin.checkpoint?.(this.#state, context));
    if (answer === undefined) return undefined;
    if (answer.go === 'reset') {
      this.outcome = 'reset';
      return undefined;
    }
    if (answer.go === 'stop') this.outcome = 'unfinished';
    if (answer.go === 'reschedule') this.#postpone(answer);
    return this.#data('checkpoint', answer);
  }

  /** Ends the scan. The data for the next one; undefined when that has failed. */
  async complete(): Promise<JsonObject | undefined> {
    const { plugin } = this;
    const answer = await this.once('complete', (context) => plugin.complete?.(this.#state, context));
    if (answer === undefined) return undefined;
    const data = this.#data('complete', answer);
    if (data === undefined) return undefined;
    if (answer.go === 'reschedule') this.at = Number(answer['at']);
    this.outcome = 'finished';
    return data;
  }

  /**
   * Calls a callback for an object. How to go on, at once where the plugin answers at once. An object on which it fails is passed over.
   *
   * @param invoke calls the callback with the state
   */
  step(
    callback: Callback,
    phase: Phase,
    subject: Subject,
    invoke: (state: unknown, context: ScanContext) => Awaitable<unknown>,
  ): Go | Promise<Go> {
    this.#subject = subject;
    this.#phase = phase;
    try {
      const answer = invoke(this.#state, this.#context);
      if (answer === undefined) return 'ok';
      if (!isPromise(answer)) return this.#take(callback, answer);
      return Promise.resolve(answer).then(
        (value) => this.#take(callback, value),
        (error: unknown) => this.#fail(callback, error),
      );
    } catch (error) {
      return this.#fail(callback, error);
    }
  }

  /** The answer of one of `dbOpened` and `partitions`, which tell more than how to go on; undefined where it failed. */
  async ask(
    callback: 'dbOpened' | 'partitions',
    subject: Subject,
    invoke: (state: unknown, context: ScanContext) => Awaitable<unknown>,
  ): Promise<Answer | undefined> {
    let answer: Answer | undefined;
    const go = await this.step(callback, 'db', subject, async (state, context) => {
      const given = await invoke(state, context);
      answer = checkAnswer(this.plugin.name, callback, given);
      return given;
    });
    return go === 'ok' ? answer : undefined;
  }

  /** Something is looked at. */
  look(db: string, phase: Phase, id: string): void {
    if (this.tracks) this.#scannedOf(db, phase, id);
  }

  #scannedOf(db: string, phase: Phase, id: string): Scanned {
    const key = `${phase} ${db}/${id}`;
    const known = this.#scanned.get(key);
    if (known !== undefined) return known;
    const scanned: Scanned = { db, phase, id, findings: new Map() };
    this.#scanned.set(key, scanned);
    return scanned;
  }

  /** An object that could not be read. */
  miss(subject: Subject, error: unknown): void {
    this.#tell(undefined, subject, error, false);
  }

  /** Ends the run for something that went wrong outside of the plugin. */
  abandon(error: unknown, subject: Subject = {}): void {
    this.outcome ??= 'failed';
    this.#tell(undefined, subject, error, true);
  }

  /** Takes back what was found in one phase and not kept yet. */
  discard(phase: Phase): void {
    for (const [key, scanned] of this.#scanned) {
      if (scanned.phase !== phase) continue;
      const found = new Set<unknown>(scanned.findings.values());
      this.#told = this.#told.filter((event) => !found.has(event));
      this.findings -= found.size;
      this.#scanned.delete(key);
    }
  }

  /** What was looked at and what was told since the last time. */
  take(): { readonly scanned: Scanned[]; readonly told: (Finding | Report | Failure)[] } {
    const taken = { scanned: [...this.#scanned.values()], told: this.#told };
    this.#scanned = new Map();
    this.#told = [];
    return taken;
  }

  get summary(): PluginSummary {
    const { outcome, scan, findings, failures, at } = this;
    return { state: outcome ?? 'unfinished', scan, findings, failures, ...(at === undefined ? {} : { at }) };
  }

  /** Calls what is not about an object: nothing can be passed over where it fails. */
  async once(callback: Callback, invoke: (context: ScanContext) => Awaitable<unknown>): Promise<Answer | undefined> {
    this.#subject = {};
    this.#phase = 'db';
    try {
      return checkAnswer(this.plugin.name, callback, await invoke(this.#context));
    } catch (error) {
      this.outcome = 'failed';
      this.#tell(callback, {}, error, true);
      return undefined;
    }
  }

  #take(callback: Callback, value: unknown): Go {
    try {
      const answer = checkAnswer(this.plugin.name, callback, value);
      if ('state' in answer) this.#state = answer['state'];
      return answer.go;
    } catch (error) {
      return this.#fail(callback, error);
    }
  }

  #fail(callback: Callback, error: unknown): Go {
    if (this.#settings.signal.aborted) throw this.#settings.signal.reason;
    const isFatal = isPluginError(error) || this.failures + 1 > this.#settings.maxFailures;
    if (isFatal) this.outcome = 'failed';
    this.#tell(callback, this.#subject, error, isFatal);
    return 'skip';
  }

  #tell(callback: Callback | undefined, { db, id }: Subject, error: unknown, fatal: boolean): void {
    this.failures += 1;
    if (fatal) this.error = error;
    this.#told.push({
      type: 'failure',
      plugin: this.plugin.name,
      ...(callback === undefined ? {} : { callback }),
      ...(db === undefined ? {} : { db }),
      ...(id === undefined ? {} : { id }),
      message: error instanceof Error ? error.message : String(error),
      error,
      fatal,
    });
  }

  #found(details: FindingDetails): void {
    const { db, id, rev } = {
      ...this.#subject,
      ...(details.db === undefined ? {} : { id: undefined, rev: undefined }),
      ...details,
    };
    if (db === undefined) throw new InputError('A finding outside of a database must name one');
    const finding: Finding = {
      type: 'finding',
      plugin: this.plugin.name,
      db,
      ...(id === undefined ? {} : { id }),
      ...(rev === undefined ? {} : { rev }),
      ...without(details),
    };
    if (this.#settings.isKnown?.(finding)) return;
    // What is told of another object than the one at hand goes with that.
    const phase = id === undefined ? 'db' : this.#phase === 'ddoc' ? 'ddoc' : 'doc';
    const { findings } = this.#scannedOf(db, phase, id ?? '');
    const identity = identityOf(finding);
    if (findings.has(identity)) return;
    findings.set(identity, finding);
    this.findings += 1;
    this.#told.push(finding);
  }

  #report({ db, ...details }: ReportDetails): void {
    this.#told.push({ type: 'report', plugin: this.plugin.name, ...(db === undefined ? {} : { db }), ...details });
  }

  #postpone(answer: Answer): void {
    this.outcome = 'rescheduled';
    this.at = Number(answer['at']);
  }

  #data(callback: 'checkpoint' | 'complete', answer: Answer): JsonObject | undefined {
    const data = answer['data'] ?? {};
    if (isJsonObject(data)) return data;
    const error = illegal(this.plugin.name, callback, 'gave data that are no JSON object');
    this.abandon(error);
    return undefined;
  }
}

function without({ db: _, id: __, rev: ___, ...details }: FindingDetails): FindingDetails {
  return details;
}
